"""The task service itself."""
