"""Where the database comes from: the server whose address was given, or PostgreSQL from the wheel."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import asyncpg
from sqlalchemy import URL

from accord.compat.cpython import logging_unchanged
from accord.compat.xdist import Worker
from accord.database.address import (
    LONGEST_NAME,
    check,
    connect,
    named,
    rendered,
    server_of,
    too_long,
    user,
)
from accord.database.embedded import cluster
from accord.database.given import SUFFIX
from accord.database.hosting import hosted
from accord.database.installations import installed_in
from accord.database.marks import generated_name, new_token, token_of
from accord.database.ownership import CUT, CUT_OFF, Loss, lasting_connection, owning
from accord.database.temporary import is_ready, quoted, temporary_database
from accord.errors import AccordError, PreparationError, UsageError

Prepare = Callable[[str], Awaitable[None]]
"""Makes the tables in the database at that address; it leaves no connection open."""


def _separate(prepare: Prepare) -> Prepare:
    """Have what it does to logging undone, and tell its errors from those of the server, the disk and connections."""

    async def prepare_or_fail(url: str) -> None:
        try:
            with logging_unchanged():
                await prepare(url)
        except Exception as error:
            raise PreparationError from error

    return prepare_or_fail


async def leave_empty(_url: str) -> None:
    """Make no tables."""


def ignore(_sentence: str) -> None:
    """Say nothing: that the database is lost, what fails next says."""


@asynccontextmanager
async def database(
    address: str | None,
    worker: Worker | None = None,
    prepare: Prepare = leave_empty,
    lost: Loss = ignore,
    *,
    tcp: bool = False,
    postgres: Path | None = None,
    notice: Callable[[str], None] = ignore,
) -> AsyncIterator[URL]:
    """Give the run a database of its own, at `address` (a SQLAlchemy URL), or on PostgreSQL from the wheel if empty.

    That one listens on a socket, or, with `tcp`, on loopback. If a directory is given as `postgres`, what is installed
    there is used. If `prepare` asks for an extension that the wheel lacks, one of the machine that has it
    is used, and `notice` gets a sentence that says so.
    A database of that name that is there is used, and stays. Where there is none, one is created, whose name has a
    random part, and removed at the end. Of a run's workers each gets one of its own, with the worker in its name. What
    `prepare` does is done once, in a database of which each worker gets a copy; where a worker's database is there
    already, it is done in that.
    Raises UsageError where the address, or the directory, can't be used, before anything is changed, and
    PreparationError where `prepare` raises an error. `lost` is called if another run takes the database over, as may
    happen after the connection that holds it was cut.
    """
    prepare = _separate(prepare)
    if address:
        provided = _on_server(_for_worker(named(address), worker), worker, prepare, lost)
    else:
        server = replace(cluster(), tcp=True) if tcp else cluster()
        provided = hosted(
            server.of(installed_in(postgres)) if postgres else server,
            lambda url: _created(url.set(database=f"accord{SUFFIX}"), worker, prepare, lost),
            notice,
        )
    async with _unless_cut(provided) as url:
        yield url


@asynccontextmanager
async def _unless_cut(provided: AbstractAsyncContextManager[URL]) -> AsyncIterator[URL]:
    """Give what is provided. Raises UsageError where a connection is cut before it is there."""
    async with AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(provided)
        except CUT_OFF as error:
            raise UsageError(
                f"A connection to the PostgreSQL server was cut while a database was created there ({error}): "
                "see in the server's log who cut it, and run again."
            ) from error
        yield url


def _for_worker(url: URL, worker: Worker | None) -> URL:
    if worker is None:
        return url
    name = f"{(url.database or '').removesuffix(SUFFIX)}_{worker.name}{SUFFIX}"
    if len(name.encode()) > LONGEST_NAME:
        raise too_long(name)
    return url.set(database=name)


@asynccontextmanager
async def _on_server(url: URL, worker: Worker | None, prepare: Prepare, lost: Loss) -> AsyncIterator[URL]:
    oid = await _existing(url)
    if oid is None:
        async with _created(url, worker, prepare, lost) as created:
            yield created
    else:
        async with owning(url, oid, lost):
            await prepare(rendered(url))
            yield url


@asynccontextmanager
async def _created(url: URL, worker: Worker | None, prepare: Prepare, lost: Loss) -> AsyncIterator[URL]:
    """Create a database and what is prepared in it, or a copy of what is prepared for all workers."""
    if worker is None:
        async with temporary_database(url, new_token(), lost) as created:
            await prepare(rendered(created))
            yield created
        return
    async with AsyncExitStack() as stack:
        async with _alone(url, worker.run):
            token, base = token_of(worker.run), f"accord_template{SUFFIX}"
            template = url.set(database=generated_name(base, token))
            if not await is_ready(template):
                prepared = AsyncExitStack()
                await prepared.enter_async_context(temporary_database(url, token, lost, beside=base, prepare=prepare))
                stack.push_async_callback(_dispose, template, worker.run, prepared)
            created = await stack.enter_async_context(
                temporary_database(url, new_token(), lost, template=template.database)
            )
        yield created


async def _dispose(template: URL, run: str, prepared: AsyncExitStack) -> None:
    """Remove the template, while no other worker is about to copy it."""
    with suppress(*CUT):
        async with _alone(template, run):
            await prepared.aclose()


@asynccontextmanager
async def clone(url: URL, lost: Loss = ignore) -> AsyncIterator[URL]:
    """Give a scenario a copy of the database, rows and all, which is removed at the end.

    Raises UsageError where it can't be copied: its name must end in `_test`, and nobody may be connected to it
    meanwhile.
    """
    check(url, "The engine's address")
    async with _unless_cut(temporary_database(url, new_token(), lost, template=url.database)) as copy:
        yield copy


async def unreachable(url: URL) -> str | None:
    """Say in one sentence that the database of a run that is under way cannot be reached any more, if so."""
    try:
        await (await connect(url)).close()
    except (AccordError, asyncpg.PostgresError) as error:
        cause = error.__cause__ or error
        # It does answer.
        if isinstance(cause, asyncpg.TooManyConnectionsError):
            return None
        reason = str(cause).partition("\n")[0] or "timed out"
        return (
            f"The PostgreSQL server at {server_of(url)} does not answer any more ({reason}): "
            "look in its log for the reason, start it if it is one of yours, and run again."
        )
    return None


async def _existing(url: URL) -> int | None:
    """Return the oid of the database, or None if there is none. Raises UsageError if no table can be made in it."""
    try:
        connection = await connect(url)
    except asyncpg.InvalidCatalogNameError:
        return None
    try:
        schema = await connection.fetchval("SELECT current_schema()")
        if schema is None or not await connection.fetchval("SELECT has_schema_privilege($1, 'CREATE')", schema):
            raise UsageError(
                f'"{user(url)}" may not make tables in the database "{url.database}": '
                f'GRANT USAGE, CREATE ON SCHEMA {quoted(schema or "public")} TO "{user(url)}".'
            )
        oid: int = await connection.fetchval("SELECT oid FROM pg_database WHERE datname = current_database()")
        return oid
    finally:
        await connection.close()


@asynccontextmanager
async def _alone(url: URL, run: str) -> AsyncIterator[None]:
    """Wait until no other worker of the run is here."""
    connection = await lasting_connection(url)
    try:
        # A lock's key is a number of 64 bits, so the run's id is hashed to one.
        await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", f"accord {run}")
        yield
    finally:
        await connection.close()
