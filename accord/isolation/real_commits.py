"""A database of its own for a scenario that is tagged @real_commits: a copy, made from the prepared one and removed."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from accord.database import provision

# Weak, so that an engine that nobody has any more is closed as it would be without Accord.
_ENGINES = WeakSet[Engine]()


@asynccontextmanager
async def engine_on_copy(url: URL, lose: Callable[[str], None]) -> AsyncIterator[AsyncEngine]:
    """Yield an engine, with a pool of its own, on a copy of the database; `lose` is called if another run takes that.

    Raises UsageError where the database can't be copied: nothing else may be connected to it meanwhile.
    """
    await _close_idle_connections(url)
    async with provision.clone(url, lose) as copy:
        engine = create_async_engine(copy)
        yield engine
        await engine.dispose()


async def _close_idle_connections(url: URL) -> None:
    """Close what the pools of this process keep open to a database, and do not use: it can't be copied meanwhile."""
    # A copy: engines may come or go while this one is closed.
    for engine in list(_ENGINES):
        if engine.url.database == url.database:
            await AsyncEngine(engine).dispose() if engine.dialect.is_async else engine.dispose()


@event.listens_for(Engine, "engine_connect")
def _note_engine(connection: Connection) -> None:
    _ENGINES.add(connection.engine)
