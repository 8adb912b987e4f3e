"""A database on a server that Accord starts: the wheel's, or the machine's where the wheel lacks an extension."""

import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, suppress

from filelock import AsyncFileLock
from sqlalchemy import URL

from accord.database.embedded import Cluster
from accord.database.given import OWN_SERVER
from accord.database.installations import missing_extension, on_machine, remedy
from accord.database.ownership import CUT
from accord.database.temporary import maintenance
from accord.errors import AccordError, PreparationError, UsageError

Create = Callable[[URL], AbstractAsyncContextManager[URL]]
"""Creates a database on the server at that address, and prepares it."""


@asynccontextmanager
async def hosted(server: Cluster, create: Create, notice: Callable[[str], None]) -> AsyncIterator[URL]:
    """Start the server unless it runs, and give what is created there; the last run that uses it stops it.

    Where what prepares the database asks for an extension that the wheel lacks, and a PostgreSQL of the machine has it,
    all is done there instead, and `notice` gets a sentence that says so. Of an installation that was chosen nothing
    else is tried. Raises PreparationError, which says what to do, where no extension of that name is found.
    """
    used, is_chosen = server.installation or "PostgreSQL from the wheel", server.installation is not None
    missing: list[str] = []
    async with AsyncExitStack() as stack:
        stack.enter_context(postgresql_variables_hidden())
        while True:
            try:
                url = await stack.enter_async_context(_on(server, create))
                break
            except PreparationError as error:
                extension = missing_extension(error)
                if extension is None:
                    raise
                # One that is asked for again is lacking in another database of the run, which is elsewhere.
                is_elsewhere = extension in missing
                missing.append(extension)
                found = next((it for it in on_machine() if it.has(missing)), None)
                if found is None or is_chosen or is_elsewhere:
                    raise PreparationError(remedy(str(used), missing, found)) from error.__cause__
                server = server.of(found)
        if missing:
            notice(
                f"PostgreSQL from the wheel has no extension {', '.join(missing)}, so this run used "
                f"{server.installation}: set accord_postgres to that directory to have it used from the start."
            )
        yield url


@asynccontextmanager
async def _on(server: Cluster, create: Create) -> AsyncIterator[URL]:
    created = AsyncExitStack()
    try:
        lock = AsyncFileLock(server.lock, mode=0o600, run_in_executor=False)
        async with lock:
            try:
                url = await _start(server, created, create)
            except PreparationError:
                await _stop_if_unused(server)
                raise
    except OSError as error:
        elsewhere = "" if server.account else "set XDG_CACHE_HOME to a directory that you can write to, or "
        raise UsageError(
            f"{server.installation or 'PostgreSQL from the wheel'} cannot be kept in {server.directory} "
            f"({error.strerror or error}): {elsewhere}{OWN_SERVER}"
        ) from error
    try:
        yield url
    finally:
        async with lock:
            await created.aclose()
            await _stop_if_unused(server, url)


async def _start(server: Cluster, created: AsyncExitStack, create: Create) -> URL:
    running = server.running()
    url = running or server.start()
    try:
        return await created.enter_async_context(create(url))
    except AccordError:
        # Other runs may be using it, so it cannot be created anew.
        if running:
            raise
        # Without fsync a crash can damage what shows only in use.
        return await created.enter_async_context(create(server.renew()))


async def _stop_if_unused(server: Cluster, url: URL | None = None) -> None:
    """Stop the server, at that address, unless somebody is connected to it."""
    with suppress(*CUT):
        # Whoever needs the server connects to it under the lock, so that nobody is about to do so.
        if (address := url or server.running()) and not await has_other_clients(address):
            server.stop()


async def has_other_clients(url: URL) -> bool:
    """Whether anyone else is connected to the server."""
    async with maintenance(url) as connection:
        there_are: bool = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            # The server's own processes are in this view as well.
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())"
        )
        return there_are


@contextmanager
def postgresql_variables_hidden() -> Iterator[None]:
    """Hide what would steer the server's programs and its clients elsewhere: PGDATA, PGPORT, PGSSLMODE, ..."""
    # asyncpg reads them from `os.environ` wherever its arguments leave something open.
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if re.fullmatch("PG[A-Z]+", name)}
    try:
        yield
    finally:
        os.environ.update(hidden)
