"""What needs a PostgreSQL server."""
