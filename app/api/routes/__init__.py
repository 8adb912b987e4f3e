"""The operations, a module a capability."""
