"""A scenario leaves nothing behind, and each request meets the database as it would in production."""
