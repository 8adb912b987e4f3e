"""Where the database comes from: the server that DATABASE_URL names, or PostgreSQL from the wheel."""

import getpass
import os
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
from filelock import AsyncFileLock
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from accord.embedded import Cluster, cluster
from accord.refusal import Refusal

SUFFIX = "_test"
# PostgreSQL cuts a longer name off, and with it the ending.
LONGEST_NAME = 63
# Written on each database that Accord makes, with the connection that keeps it, so that the next run knows what a
# killed one left.
MADE = "made by accord"
KEEPER = f"format('{MADE}, kept by backend %s since %s', pid, extract(epoch FROM backend_start))"
MAINTENANCE = "postgres"
# Chosen once: whoever makes or removes a database holds this advisory lock of the server.
LOCK = 0x61_63_63_6F_72_64
CONNECT_SECONDS = 10
# What a server that is no longer there answers with: there is nothing left to tidy up, and the next run sees to it.
_GONE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Refusal)

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]


Prepare = Callable[[str], Awaitable[None]]
"""Makes the tables in the database at that address; it leaves no connection open."""


@dataclass(frozen=True)
class Worker:
    """One of several processes of a run; all have the same `run`."""

    name: str
    run: str


async def leave_empty(_url: str) -> None:
    """Make no tables."""


@asynccontextmanager
async def database(
    address: str | None, worker: Worker | None = None, prepare: Prepare = leave_empty
) -> AsyncIterator[URL]:
    """Give the run a database of its own, at `address` (a SQLAlchemy URL), or on PostgreSQL from the wheel if empty.

    Of a run's workers each gets a database beside the one that `address` names. What `prepare` makes is made once, in a
    database of which each worker gets a copy; where a worker's database is there already, it is made in that.
    What was made here is removed at the end; what was there stays.
    Raises Refusal where the address can't be used, before anything is changed.
    """
    way = _on_server(_named(address, worker), worker, prepare) if address else _embedded(cluster(), worker, prepare)
    async with way as url:
        yield url


@asynccontextmanager
async def _embedded(server: Cluster, worker: Worker | None, prepare: Prepare) -> AsyncIterator[URL]:
    name = f"accord_{os.getpid()}_{secrets.token_hex(4)}{SUFFIX}"
    with _unsteered():
        made = AsyncExitStack()
        try:
            lock = AsyncFileLock(server.lock, mode=0o600, run_in_executor=False)
            async with lock:
                url = await _start(server, made, lambda url: _made(url.set(database=name), worker, prepare))
        except OSError as error:
            elsewhere = "" if server.account else "XDG_CACHE_HOME to a directory that you can write to, or "
            raise Refusal(
                f"PostgreSQL from the wheel cannot be kept in {server.home} ({error.strerror or error}): "
                f"set {elsewhere}DATABASE_URL to use a server of your own."
            ) from error
        try:
            yield url
        finally:
            async with lock:
                await made.aclose()
                with suppress(*_GONE):
                    if not await _others(url):
                        server.stop()


@contextmanager
def _unsteered() -> Iterator[None]:
    """Hide what would steer the server's programs and its clients elsewhere: PGDATA, PGPORT, PGSSLMODE, ..."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if re.fullmatch("PG[A-Z]+", name)}
    try:
        yield
    finally:
        os.environ.update(hidden)


async def _start(server: Cluster, made: AsyncExitStack, make: Callable[[URL], AbstractAsyncContextManager[URL]]) -> URL:
    running = server.running()
    url = running or server.start()
    try:
        return await made.enter_async_context(make(url))
    except Refusal:
        if running:
            raise
        # Without fsync a crash can tear what shows only in use.
        return await made.enter_async_context(make(server.renew()))


@asynccontextmanager
async def _on_server(url: URL, worker: Worker | None, prepare: Prepare) -> AsyncIterator[URL]:
    if not await _exists(url):
        async with _made(url, worker, prepare):
            yield url
        return
    keeper = await _claim(url)
    try:
        await prepare(url.render_as_string(hide_password=False))
        yield url
    finally:
        with suppress(*_GONE):
            await keeper.close()


@asynccontextmanager
async def _made(url: URL, worker: Worker | None, prepare: Prepare) -> AsyncIterator[URL]:
    """Make the database and what is prepared in it, or a copy of where that was done for all workers of the run."""
    async with AsyncExitStack() as made:
        if worker is None:
            await made.enter_async_context(_kept(url))
            await prepare(url.render_as_string(hide_password=False))
        else:
            template = url.set(database=f"accord_template_{worker.run[:32]}{SUFFIX}")
            async with _turn(url, worker.run):
                if not await _is_kept(template):
                    async with AsyncExitStack() as unfinished:
                        await unfinished.enter_async_context(_kept(template))
                        await prepare(template.render_as_string(hide_password=False))
                        made.push_async_callback(_leave, template, worker.run, unfinished.pop_all())
                await made.enter_async_context(_kept(url, template.database))
        yield url


async def _leave(template: URL, run: str, kept: AsyncExitStack) -> None:
    """Remove the template, while no other worker is about to copy it."""
    with suppress(*_GONE):
        async with _turn(template, run):
            await kept.aclose()


@asynccontextmanager
async def _kept(url: URL, template: str | None = None) -> AsyncIterator[URL]:
    """Make the database, and remove it at the end."""
    keeper = await _make(url, template)
    try:
        yield url
    finally:
        with suppress(*_GONE):
            await _remove(url, keeper)


@asynccontextmanager
async def clone(url: URL) -> AsyncIterator[URL]:
    """Give a scenario a copy of the database, rows and all, which is removed at the end.

    Raises Refusal where it can't be copied: nobody may be connected to it meanwhile.
    """
    ending = f"_{secrets.token_hex(4)}{SUFFIX}"
    name = (url.database or "").removesuffix(SUFFIX).encode()[: LONGEST_NAME - len(ending)].decode(errors="ignore")
    async with _kept(url.set(database=name + ending), url.database) as copy:
        yield copy


async def unreachable(url: URL) -> str | None:
    """Say in one sentence that the database of a run that is under way cannot be reached any more, if so."""
    try:
        await (await _connect(url)).close()
    except (Refusal, asyncpg.PostgresError) as error:
        cause = error.__cause__ or error
        if isinstance(cause, asyncpg.TooManyConnectionsError):
            return None
        reason = str(cause).partition("\n")[0] or "timed out"
        return (
            f"The PostgreSQL server at {_place(url)} does not answer any more ({reason}): "
            "look in its log for the reason, start it if it is one of yours, and run again."
        )
    return None


def _named(address: str, worker: Worker | None) -> URL:
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
        name = f"{name.removesuffix(SUFFIX)}_{worker.name}{SUFFIX}"
    if len(name.encode()) > LONGEST_NAME:
        raise Refusal(
            f'DATABASE_URL names the database "{name}", and PostgreSQL cuts names off after {LONGEST_NAME} bytes: '
            "choose a shorter one."
        )
    return url.set(drivername="postgresql+asyncpg", database=name)


async def _connect(url: URL) -> "Connection":
    """Connect as SQLAlchemy would, or raise Refusal with the one sentence that helps."""
    place = _place(url)
    dialect: Any = url.get_dialect()
    try:
        _, arguments = dialect().create_connect_args(url)
        # Those are SQLAlchemy's own settings, which may stand in its URL.
        arguments = {name: value for name, value in arguments.items() if not name.startswith("prepared_statement")}
        return await asyncpg.connect(**({"timeout": CONNECT_SECONDS} | arguments))
    except asyncpg.InvalidCatalogNameError:
        raise
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise Refusal(
            f"The PostgreSQL server at {place} does not let you in ({error.message}): "
            "correct the user or the password in DATABASE_URL."
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise Refusal(
            f'"{_user(url)}" may not connect to the database "{url.database}" at {place}: '
            f'GRANT CONNECT ON DATABASE "{url.database}" TO "{_user(url)}".'
        ) from error
    except asyncpg.PostgresError as error:
        raise Refusal(f"The PostgreSQL server at {place} turns the connection down: {error.message}.") from error
    except (TypeError, ValueError, ArgumentError) as error:
        raise Refusal(f"DATABASE_URL has settings that asyncpg does not take ({error}): correct them.") from error
    except (OSError, asyncpg.InterfaceError) as error:
        raise Refusal(
            f"No PostgreSQL server answers at {place} ({str(error) or 'timed out'}): start it, correct DATABASE_URL, "
            "or unset it to use PostgreSQL from the wheel."
        ) from error


async def _exists(url: URL) -> bool:
    """Whether the database is there and not one that Accord made. Refuse one in which no table can be made."""
    try:
        connection = await _connect(url)
    except asyncpg.InvalidCatalogNameError:
        return False
    try:
        if await connection.fetchval(
            "SELECT starts_with(shobj_description(oid, 'pg_database'), $1) FROM pg_database"
            " WHERE datname = current_database()",
            MADE,
        ):
            return False
        schema = await connection.fetchval("SELECT current_schema()")
        if schema is None or not await connection.fetchval("SELECT has_schema_privilege($1, 'CREATE')", schema):
            raise Refusal(
                f'"{_user(url)}" may not make tables in the database "{url.database}": '
                f'GRANT USAGE, CREATE ON SCHEMA {_quoted(schema or "public")} TO "{_user(url)}".'
            )
        return True
    finally:
        await connection.close()


async def _claim(url: URL) -> "Connection":
    """Return a connection that keeps the database from other runs, which is not one to it, so that it can be copied."""
    try:
        keeper = await _connect(url.set(database=MAINTENANCE))
    except asyncpg.InvalidCatalogNameError as error:
        raise Refusal(
            f'There is no database "{MAINTENANCE}", from which "{url.database}" is kept from other runs: have it made.'
        ) from error
    if not await keeper.fetchval(
        "SELECT pg_try_advisory_lock($1 + oid::bigint) FROM pg_database WHERE datname = $2", LOCK, url.database
    ):
        await keeper.close()
        raise _in_use(url)
    return keeper


async def _make(url: URL, template: str | None = None) -> "Connection":
    """Make the database, after those that killed runs left are removed, and return a connection that keeps it."""
    async with _maintenance(url) as connection:
        left = await connection.fetch(
            "SELECT datname FROM pg_database WHERE starts_with(shobj_description(oid, 'pg_database'), $1)"
            " AND pg_has_role(datdba, 'USAGE')"
            f" AND shobj_description(oid, 'pg_database') NOT IN (SELECT {KEEPER} FROM pg_stat_activity)"
            # Who keeps it may have been killed just now: the next to make one removes it.
            " AND datname IS DISTINCT FROM $2",
            MADE,
            template,
        )
        # Else a server that is killed now would start again with the database and without the comment.
        await connection.execute("SET synchronous_commit = on")
        try:
            for (name,) in left:
                await connection.execute(f"DROP DATABASE {_quoted(name)} WITH (FORCE)")
            source = f" TEMPLATE {_quoted(template)}" if template else ""
            await connection.execute(f"CREATE DATABASE {_quoted(url.database)}{source}")
            keeper = await _connect(url.set(database=MAINTENANCE))
            comment = await keeper.fetchval(f"SELECT {KEEPER} FROM pg_stat_activity WHERE pid = pg_backend_pid()")
            await connection.execute(f"COMMENT ON DATABASE {_quoted(url.database)} IS '{comment}'")
        except asyncpg.DuplicateDatabaseError as error:
            raise _in_use(url) from error
        except asyncpg.ObjectInUseError as error:
            raise Refusal(
                f'The database "{template}" cannot be copied for a scenario tagged @real_commits while someone is '
                "connected to it: close what a session fixture, or another program, has open there."
            ) from error
        except asyncpg.InsufficientPrivilegeError as error:
            raise Refusal(
                f'The database "{url.database}" does not exist, and "{_user(url)}" may not make it: '
                f'ALTER ROLE "{_user(url)}" CREATEDB, or have it made.'
            ) from error
        except asyncpg.PostgresError as error:
            raise Refusal(
                f'The database "{url.database}" does not exist and cannot be made ({error.message}): have it made.'
            ) from error
        return keeper


def _in_use(url: URL) -> Refusal:
    return Refusal(
        f'Another run is using the database "{url.database}": wait for it to end, or name another in DATABASE_URL.'
    )


async def _remove(url: URL, keeper: "Connection") -> None:
    try:
        async with _maintenance(url) as connection:
            # Not sooner: a database that nobody keeps and nobody guards is another run's to remove and make again.
            await keeper.close()
            await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(url.database)} WITH (FORCE)")
    finally:
        keeper.terminate()


async def _is_kept(url: URL) -> bool:
    """Whether the database is there, and whoever made it too: one that was killed may not have finished it."""
    async with _maintenance(url) as connection:
        return bool(
            await connection.fetchval(
                f"SELECT shobj_description(oid, 'pg_database') IN (SELECT {KEEPER} FROM pg_stat_activity)"
                " FROM pg_database WHERE datname = $1",
                url.database,
            )
        )


@asynccontextmanager
async def _turn(url: URL, run: str) -> AsyncIterator[None]:
    """Wait until no other worker of the run is here."""
    connection = await _connect(url.set(database=MAINTENANCE))
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", f"accord {run}")
        yield
    finally:
        await connection.close()


async def _others(url: URL) -> bool:
    """Whether anyone else is connected to the server."""
    async with _maintenance(url) as connection:
        others: bool = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())"
        )
        return others


@asynccontextmanager
async def _maintenance(url: URL) -> "AsyncIterator[Connection]":
    """Connect to where databases are made and removed, which no other run does meanwhile."""
    try:
        connection = await _connect(url.set(database=MAINTENANCE))
    except asyncpg.InvalidCatalogNameError as error:
        raise Refusal(
            f'The database "{url.database}" does not exist, nor does "{MAINTENANCE}", from which to make it: '
            "have it made."
        ) from error
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        yield connection
    finally:
        await connection.close()


def _place(url: URL) -> str:
    return f"{url.host or url.query.get('host') or 'localhost'}:{url.port or 5432}"


def _user(url: URL) -> str:
    return url.username or os.environ.get("PGUSER") or getpass.getuser()


def _quoted(name: str | None) -> str:
    return '"' + (name or "").replace('"', '""') + '"'
