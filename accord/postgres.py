"""Where the database comes from: the server that DATABASE_URL names, or PostgreSQL from the wheel."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from filelock import AsyncFileLock
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from accord.embedded import Cluster, cluster
from accord.refusal import Refusal

SUFFIX = "_test"
# Written on each database that Accord makes, so that the next run knows what a killed one left.
COMMENT = "made by accord for one run"
MAINTENANCE = "postgres"
# Chosen once: whoever makes or removes a database holds this advisory lock of the server.
LOCK = 0x61_63_63_6F_72_64
CONNECT_SECONDS = 10


@asynccontextmanager
async def database(address: str | None, worker: str | None = None) -> AsyncIterator[URL]:
    """Give the run a database of its own, at `address` (a SQLAlchemy URL) or on PostgreSQL from the wheel.

    `worker` names one of several processes of a run; each gets a database beside the one that `address` names.
    What was made here is removed at the end; what was there stays.
    Raises Refusal where the address can't be used, before anything is changed.
    """
    async with _embedded(cluster()) if address is None else _on_server(_named(address, worker)) as url:
        yield url


@asynccontextmanager
async def _embedded(server: Cluster) -> AsyncIterator[URL]:
    name = f"accord_{os.getpid()}_{secrets.token_hex(4)}{SUFFIX}"
    lock = AsyncFileLock(server.lock, run_in_executor=False)
    async with lock:
        address = server.start()
        url = address.set(database=name)
        keeper = await _make(url)
    try:
        yield url
    finally:
        async with lock:
            # A server that died in mid-run has nothing left to remove, and the next run starts it anew.
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await keeper.close()
                await _remove(url)
                if not await _others(address):
                    server.stop()


@asynccontextmanager
async def _on_server(url: URL) -> AsyncIterator[URL]:
    made = not await _exists(url)
    keeper = await (_make(url) if made else _connect(url))
    try:
        await _claim(keeper, url)
        yield url
    finally:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await keeper.close()
            if made:
                await _remove(url)


def _named(address: str, worker: str | None) -> URL:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise Refusal(
            "DATABASE_URL is not a database's address: write it as postgresql+asyncpg://user:password@host/name_test."
        ) from None
    if url.drivername not in ("postgresql", "postgresql+asyncpg"):
        raise Refusal(
            f"DATABASE_URL begins with {url.drivername}://, but Accord drives PostgreSQL through asyncpg: "
            "write postgresql+asyncpg://."
        )
    name = url.database or ""
    if not name.endswith(SUFFIX):
        raise Refusal(
            f'DATABASE_URL names the database "{name}", and Accord only takes one whose name ends in "{SUFFIX}", '
            f'since it drops tables there: name "{name}{SUFFIX}" instead; it is made if it does not exist.'
        )
    if worker is not None:
        name = f"{name.removesuffix(SUFFIX)}_{worker}{SUFFIX}"
    return url.set(drivername="postgresql+asyncpg", database=name)


async def _connect(url: URL) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect as SQLAlchemy would, or raise Refusal with the one sentence that helps."""
    dialect: Any = url.get_dialect()
    _, arguments = dialect().create_connect_args(url)
    # Those are SQLAlchemy's own settings, which may stand in its URL.
    arguments = {name: value for name, value in arguments.items() if not name.startswith("prepared_statement")}
    place = f"{url.host or url.query.get('host') or 'localhost'}:{url.port or 5432}"
    try:
        return await asyncpg.connect(timeout=CONNECT_SECONDS, **arguments)
    except asyncpg.InvalidCatalogNameError:
        raise
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise Refusal(
            f'The PostgreSQL server at {place} does not let "{url.username}" in ({error.message}): '
            "correct the user or the password in DATABASE_URL."
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise Refusal(
            f'"{url.username}" may not connect to the database "{url.database}" at {place}: '
            f'GRANT CONNECT ON DATABASE "{url.database}" TO "{url.username}".'
        ) from error
    except asyncpg.PostgresError as error:
        raise Refusal(f"The PostgreSQL server at {place} turns the connection down: {error.message}.") from error
    except (OSError, TimeoutError, asyncpg.InterfaceError) as error:
        raise Refusal(
            f"No PostgreSQL server answers at {place} ({str(error) or 'timed out'}): start it, correct DATABASE_URL, "
            "or unset it to use PostgreSQL from the wheel."
        ) from error


async def _exists(url: URL) -> bool:
    """Whether the database is there and somebody else's."""
    try:
        connection = await _connect(url)
    except asyncpg.InvalidCatalogNameError:
        return False
    try:
        return not await connection.fetchval(
            "SELECT shobj_description(oid, 'pg_database') = $1 FROM pg_database WHERE datname = current_database()",
            COMMENT,
        )
    finally:
        await connection.close()


async def _claim(connection: "asyncpg.Connection[asyncpg.Record]", url: URL) -> None:
    """Refuse a database that another run uses, or in which no table can be made."""
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
        raise _in_use(url)
    if not await connection.fetchval("SELECT has_schema_privilege(current_schema(), 'CREATE')"):
        raise Refusal(
            f'"{url.username}" may not make tables in the database "{url.database}": '
            f'GRANT CREATE ON SCHEMA public TO "{url.username}".'
        )


async def _make(url: URL) -> "asyncpg.Connection[asyncpg.Record]":
    """Make the database, after those that killed runs left are removed, and return a connection that keeps it."""
    connection = await _maintenance(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        left = await connection.fetch(
            "SELECT datname FROM pg_database AS d WHERE shobj_description(oid, 'pg_database') = $1"
            " AND pg_has_role(datdba, 'USAGE')"
            " AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid)",
            COMMENT,
        )
        for (name,) in left:
            await connection.execute(f"DROP DATABASE {_quoted(name)}")
        await connection.execute(f"CREATE DATABASE {_quoted(url.database)}")
        await connection.execute(f"COMMENT ON DATABASE {_quoted(url.database)} IS '{COMMENT}'")
        return await _connect(url)
    except asyncpg.DuplicateDatabaseError as error:
        raise _in_use(url) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise Refusal(
            f'The database "{url.database}" does not exist, and "{url.username}" may not make it: '
            f'ALTER ROLE "{url.username}" CREATEDB, or have it made.'
        ) from error
    finally:
        await connection.close()


def _in_use(url: URL) -> Refusal:
    return Refusal(
        f'Another run is using the database "{url.database}": wait for it to end, or name another in DATABASE_URL.'
    )


async def _remove(url: URL) -> None:
    connection = await _maintenance(url)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(url.database)} WITH (FORCE)")
    finally:
        await connection.close()


async def _others(address: URL) -> bool:
    """Whether anyone else is connected to the server."""
    connection = await _maintenance(address)
    try:
        others: bool = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())"
        )
        return others
    finally:
        await connection.close()


async def _maintenance(url: URL) -> "asyncpg.Connection[asyncpg.Record]":
    return await _connect(url.set(database=MAINTENANCE))


def _quoted(name: str | None) -> str:
    return '"' + (name or "").replace('"', '""') + '"'
