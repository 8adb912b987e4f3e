"""Databases that Accord creates on a server: owned, marked, found again, and dropped."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace

import asyncpg
from sqlalchemy import URL

from accord.database.address import Connection, connect, rendered, two_servers, user
from accord.database.marks import Found, generated_name
from accord.database.ownership import (
    CUT,
    CUT_OFF,
    LOCK,
    MAINTENANCE,
    SECOND_LOOK_SECONDS,
    Loss,
    lasting_connection,
    owners,
    owning,
)
from accord.errors import UsageError

_LISTED = """
SELECT oid, datname AS name, pg_get_userbyid(datdba) AS role, shobj_description(oid, 'pg_database') AS comment,
    (SELECT system_identifier FROM pg_control_system())::text AS cluster
FROM pg_database
"""
# Only if nobody is connected: PostgreSQL would wait five seconds for them to leave.
_REMOVABLE = """
WHERE pg_has_role(datdba, 'USAGE') AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datid = pg_database.oid)
"""
_LEFT_OPEN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datid = $1 AND pg_has_role(usesysid, 'USAGE')
"""


@asynccontextmanager
async def temporary_database(
    url: URL,
    token: str,
    lost: Loss,
    *,
    beside: str | None = None,
    template: str | None = None,
    prepare: Callable[[str], Awaitable[None]] | None = None,
) -> AsyncIterator[URL]:
    """Create a database, own it, and remove it at the end, unless it is lost by then.

    Its name is like that of the database which the URL names, or of `beside`. It is a copy of `template`, if there is
    one. Where others wait for what `prepare` makes, it is marked once that is done: see `is_ready`.
    """
    created = url.set(database=generated_name(beside or url.database or "", token))
    losses: list[str] = []

    def note(sentence: str) -> None:
        losses.append(sentence)
        lost(sentence)

    async with AsyncExitStack() as owned:
        async with maintenance(url) as connection:
            # Who created the template may have been killed just now: the next to create a database removes it.
            await remove_left(connection, [it for it in await removable(connection) if it.name != template])
            found = await _create(connection, url, created, template)
            # Still under the lock of `maintenance`, so that no other run can take it for one that nobody uses.
            await owned.enter_async_context(owning(created, found.oid, note))
            if prepare is None:
                await _mark(connection, found, token)
        try:
            await _check_reached(created, found)
            if prepare is not None:
                await prepare(rendered(created))
                async with maintenance(url) as connection:
                    # With anyone connected, as by a pool that nobody closed, it could not be copied.
                    await connection.execute(_LEFT_OPEN, found.oid)
                    await _mark(connection, found, token)
            yield created
        finally:
            # A database that is lost may be another run's by now.
            if not losses:
                with suppress(*CUT):
                    async with maintenance(url) as connection:
                        await _drop(connection, found, token)


async def _create(connection: Connection, url: URL, created: URL, template: str | None) -> Found:
    # Else a server that is killed now would start again with the database and without the comment.
    await connection.execute("SET synchronous_commit = on")
    try:
        source = f" TEMPLATE {quoted(template)}" if template else ""
        await connection.execute(f"CREATE DATABASE {quoted(created.database)}{source}")
    except CUT_OFF:
        raise
    except asyncpg.ObjectInUseError as error:
        raise UsageError(
            f'The database "{template}" cannot be copied for a scenario tagged @real_commits while someone is '
            "connected to it: close what a session fixture, or another program, has open there."
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise UsageError(
            f'The database "{url.database}" does not exist, and "{user(url)}" may not make it: '
            f'ALTER ROLE "{user(url)}" CREATEDB, or have it made.'
        ) from error
    except asyncpg.PostgresError as error:
        raise UsageError(
            f'The database "{url.database}" does not exist and cannot be made ({error.message}): have it made.'
        ) from error
    [found] = [it for it in await listed(connection) if it.name == created.database]
    return found


async def _mark(connection: Connection, found: Found, token: str) -> None:
    # COMMENT takes no parameters, so the server itself quotes what goes into it.
    comment = await connection.fetchval(
        "SELECT format('COMMENT ON DATABASE %I IS %L', $1::text, $2::text)", found.name, found.mark(token)
    )
    await connection.execute(comment)


async def _drop(connection: Connection, created: Found, token: str) -> None:
    """Remove a database of this run's, and end whatever connection it left there; one that was renamed stays."""
    # With or without the mark, since the run may end before that is written.
    unchanged = {created, replace(created, comment=created.mark(token))}
    if unchanged.intersection(await listed(connection)):
        await connection.execute(f"DROP DATABASE {quoted(created.name)} WITH (FORCE)")


async def _check_reached(url: URL, created: Found) -> None:
    """Raise UsageError unless the address leads to the very database that was created, not to one that is called so."""
    connection = await connect(url)
    try:
        rows = await connection.fetch(f"{_LISTED} WHERE datname = current_database()")
    finally:
        await connection.close()
    if [(row["oid"], row["cluster"]) for row in rows] != [(created.oid, created.cluster)]:
        raise two_servers(url, MAINTENANCE)


async def removable(connection: Connection) -> list[Found]:
    """Return the databases that Accord created, nobody uses and this role may remove: those that killed runs left."""
    in_use = await owners(connection)
    found = await listed(connection, _REMOVABLE)
    return [it for it in found if it.is_own and it.oid not in in_use]


async def remove_left(connection: Connection, left: Collection[Found]) -> list[Found]:
    """Remove such databases, and return those that are gone. One that somebody uses by now stays."""
    if not left:
        return []
    # The connection of whoever uses one may have been cut: a run that lives takes its lock again in less.
    await connection.execute("SELECT pg_sleep($1)", SECOND_LOOK_SECONDS)
    still = await removable(connection)
    return [it for it in left if it in still and await _remove(connection, it)]


async def _remove(connection: Connection, found: Found) -> bool:
    # The lock that its owner would hold: as long as this run has it, nobody can become that.
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK + found.oid):
        return False
    try:
        await connection.execute(f"DROP DATABASE {quoted(found.name)}")
    except (asyncpg.ObjectInUseError, asyncpg.InsufficientPrivilegeError):
        return False
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK + found.oid)
    return True


async def listed(connection: Connection, which: str = "") -> list[Found]:
    """Return the databases of the server, or those for which the condition holds."""
    return [Found(**row) for row in await connection.fetch(_LISTED + which)]


async def is_ready(url: URL) -> bool:
    """Return whether the database that the URL names is one of Accord's own that is prepared and owned.

    Whoever created it may have been killed before it was finished.
    """
    async with maintenance(url) as connection:
        in_use = await owners(connection)
        found = await listed(connection)
        return any(it.name == url.database and it.is_own and it.comment and it.oid in in_use for it in found)


@asynccontextmanager
async def maintenance(url: URL) -> AsyncIterator[Connection]:
    """Connect to where databases are created and removed, which no other run does meanwhile."""
    connection = await lasting_connection(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        yield connection
    finally:
        await connection.close()


def quoted(name: str | None) -> str:
    """Return the name as SQL has it."""
    return '"' + (name or "").replace('"', '""') + '"'
