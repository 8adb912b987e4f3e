"""The living documentation in a browser."""
