"""The same as in production, to compare with: nothing of Accord stands between an engine and the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from accord.isolation.isolation import Isolation


@asynccontextmanager
async def in_production(isolation: Isolation) -> AsyncIterator[None]:
    """Have engines that are made, and disposed of, meanwhile lead where they say, where commits are real."""
    # What the last scenario did is still to be rolled back.
    await isolation.sandbox.close()
    isolation.begin(real_commits=False, uses_database=False)
    try:
        yield
    finally:
        isolation.begin(real_commits=False)
