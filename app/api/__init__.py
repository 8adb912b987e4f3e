"""The service's operations."""
