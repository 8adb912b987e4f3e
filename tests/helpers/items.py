"""What the tests of the sandbox share: a few tables, and engines as an app makes them, for another database."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from accord.isolation.isolation import Isolation

# Nothing answers there.
DEVELOPER = "postgresql+asyncpg://developer:secret@127.0.0.1:1/development"

_SCHEMA = """
CREATE TABLE item (id serial PRIMARY KEY, name text UNIQUE);
CREATE TABLE audit (id serial PRIMARY KEY, what text);
CREATE TABLE booking (id serial PRIMARY KEY);
CREATE SCHEMA tenant_a;
CREATE TABLE tenant_a.item (name text, id serial);
CREATE FUNCTION note_booking() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO audit (what) VALUES ('booked'); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER note_booking AFTER INSERT ON booking DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION note_booking();
CREATE FUNCTION put(name text) RETURNS int LANGUAGE sql
    AS $$ INSERT INTO item (name) VALUES ($1) RETURNING id $$;
"""
_GONE = "DROP FUNCTION put; DROP TABLE item, audit, booking; DROP FUNCTION note_booking; DROP SCHEMA tenant_a CASCADE"


@pytest_asyncio.fixture(scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine of the run's database, which has the tables meanwhile."""
    engine = create_async_engine(database_url)
    await _execute(engine, _SCHEMA)
    yield engine
    await _execute(engine, _GONE)
    await engine.dispose()


async def _execute(engine: AsyncEngine, script: str) -> None:
    async with engine.begin() as connection:
        raw: Any = await driver_connection(connection)
        await raw.execute(script)


@pytest_asyncio.fixture
async def db(engine: AsyncEngine, isolation: Isolation) -> AsyncIterator[AsyncSession]:
    """The scenario's session."""
    async with isolation.session(engine) as session:
        yield session


def app_engine(**options: Any) -> AsyncEngine:
    """Make an engine as an app does."""
    return create_async_engine(DEVELOPER, **options)


def app_sessions(**options: Any) -> async_sessionmaker[AsyncSession]:
    """Make sessions of an engine of their own."""
    return async_sessionmaker(app_engine(**options))


async def put(session: AsyncSession | AsyncConnection, name: str) -> None:
    """Write an item."""
    await session.execute(text("INSERT INTO item (name) VALUES (:name)"), {"name": name})


async def names(session: AsyncSession | AsyncConnection) -> list[str]:
    """Return the names of the items."""
    return list((await session.execute(text("SELECT name FROM item ORDER BY name"))).scalars())


async def driver_connection(connection: AsyncConnection) -> Any:
    """Return what the driver gave the engine."""
    return (await connection.get_raw_connection()).driver_connection
