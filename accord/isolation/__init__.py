"""A scenario leaves nothing behind, and each request meets the database as it would in production."""

from accord.isolation.isolation import Isolation

__all__ = ["Isolation"]
