"""Who uses a database: one run, which holds an advisory lock of the server for as long as it does.

The lock needs no privilege, and every role can see whether it is held. It ends with its connection, so a thread watches
it, whatever the run does meanwhile: the connection is never idle for long, and where it is cut all the same,
the lock is taken again on another one. Where somebody else was quicker, the run has lost the database, and ends with
a sentence that says so.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress

import asyncpg
from sqlalchemy import URL

from accord.database.address import Connection, connect, in_use, server_of, two_servers
from accord.errors import AccordError, UsageError

MAINTENANCE = "postgres"
"""Where all runs connect to for locks, since each database of a server has its own of them."""
# The letters of "accord".
LOCK = 0x61_63_63_6F_72_64
"""Chosen once: whoever creates or removes a database holds this lock; whoever uses one, this and its oid added."""
CUT = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, AccordError)
"""What comes of a connection that is cut, or a server that does not answer."""
CUT_OFF = (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.InterfaceError)
"""What a statement ends with whose connection is cut meanwhile."""
SECOND_LOOK_SECONDS = 1.0
"""How long a database must have been nobody's before another run removes it: by then its owner is back if it lives."""

_BEAT_SECONDS = 5
_PAUSE_SECONDS = 0.1
# A server may cut what waits for long. Not every release has each of these.
_LASTING = """
SELECT set_config(name, '0', false) FROM pg_settings
WHERE name IN ('idle_session_timeout', 'statement_timeout', 'lock_timeout', 'transaction_timeout')
"""
# Name and oid have to fit: the database may have been dropped and created anew, or renamed, since it was found.
_TAKE = "SELECT pg_try_advisory_lock($1 + oid::bigint) FROM pg_database WHERE oid = $2 AND datname = $3"
# In a tuple, since a time traveller replaces the function wherever a module has it as an attribute.
_CLOCK = (time.monotonic,)

Loss = Callable[[str], None]
"""Gets the sentence that a database is lost; it is called in another thread."""


@asynccontextmanager
async def owning(url: URL, oid: int, lost: Loss) -> AsyncIterator[None]:
    """Own the database with that oid, which the URL names; raises UsageError where another run does."""
    owner = _Owner(url, oid, lost)
    # A daemon, so that a run which is ended hard does not wait for it; the server then frees the lock.
    threading.Thread(target=owner.run, name="accord: database", daemon=True).start()
    try:
        owns = await asyncio.wrap_future(owner.owns)
        if owns is None:
            raise two_servers(url, MAINTENANCE)
        if not owns:
            raise in_use(url)
        yield
    finally:
        owner.close()
        await asyncio.wrap_future(owner.ended)


async def owners(connection: Connection) -> dict[int, int]:
    """Return the oids of the databases that runs own, each with the server's process that holds the lock."""
    rows = await connection.fetch(
        # An advisory lock with one key has its upper half in `classid`, its lower in `objid`, and 1 in `objsubid`.
        "SELECT ((classid::bigint << 32) | objid::bigint) - $1 AS oid, pid FROM pg_locks"
        " WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        LOCK,
    )
    return {row["oid"]: row["pid"] for row in rows}


async def lasting_connection(url: URL) -> Connection:
    """Connect to where locks are, for as long as it takes, whatever the server cuts otherwise.

    Raises UsageError where that is not to be had.
    """
    try:
        connection = await connect(url.set(database=MAINTENANCE))
    except asyncpg.InvalidCatalogNameError as error:
        raise UsageError(
            f'There is no database "{MAINTENANCE}" at {server_of(url)}, '
            "from which Accord makes databases and keeps them from other runs: have it made."
        ) from error
    await connection.execute(_LASTING)
    return connection


class _Loop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        # asyncio's own clock is `time.monotonic`, which stands still where a test has stopped the time.
        return _CLOCK[0]()


class _Owner:
    """What the thread does."""

    def __init__(self, url: URL, oid: int, lost: Loss) -> None:
        self.owns = Future[bool | None]()
        self.ended = Future[None]()
        self._url = url
        self._oid = oid
        self._lost = lost
        self._loop = _Loop()
        self._woken = asyncio.Event()
        self._closing = False

    def run(self) -> None:
        try:
            self._loop.run_until_complete(self._own())
        except BaseException as error:
            # Nobody waits for that any more: as of any thread, what it ended with is written to the terminal.
            if self.owns.done():
                raise
            self.owns.set_exception(error)
        finally:
            self._loop.close()
            self.ended.set_result(None)

    def close(self) -> None:
        self._closing = True
        with suppress(RuntimeError):  # It has ended by itself.
            self._loop.call_soon_threadsafe(self._woken.set)

    async def _own(self) -> None:
        connection = await self._connect()
        owns = await self._take(connection)
        self.owns.set_result(owns)
        while owns and not self._closing:
            process = connection.get_server_pid()
            with suppress(TimeoutError):
                async with asyncio.timeout(_BEAT_SECONDS):
                    await self._woken.wait()
            self._woken.clear()
            if not self._closing and not await _answers(connection):
                connection.terminate()
                connection = await self._retake(connection, process)
        with suppress(*CUT):
            await connection.close(timeout=_BEAT_SECONDS)

    async def _connect(self) -> Connection:
        connection = await lasting_connection(self._url)
        # A cut is known at once, and not with the next beat.
        connection.add_termination_listener(lambda _connection: self._woken.set())
        return connection

    async def _take(self, connection: Connection) -> bool | None:
        """Take the lock, if nobody else has it; None if there is no such database."""
        taken: bool | None = await connection.fetchval(_TAKE, LOCK, self._oid, self._url.database)
        return taken

    async def _retake(self, cut: Connection, process: int) -> Connection:
        """Take the lock again: at once, or once the server answers and knows of the cut. Until then nobody else can."""
        while not self._closing:
            with suppress(*CUT):
                connection = await self._connect()
                taken = await self._take(connection)
                holder = (await owners(connection)).get(self._oid)
                # While the old connection's process holds it, the server has not noticed the cut yet, and will.
                if taken or taken is None or holder not in (None, process):
                    if not taken:
                        self._tell_loss()
                    return connection
                await connection.close()
            await asyncio.sleep(_PAUSE_SECONDS)
        return cut

    def _tell_loss(self) -> None:
        self._closing = True
        self._lost(
            f'This run has lost the database "{self._url.database}": the connection that held it was cut, and by now '
            "it is another run's, or gone: see in the server's log who cut it, and run again."
        )


async def _answers(connection: Connection) -> bool:
    try:
        await connection.execute("SELECT 1", timeout=_BEAT_SECONDS)
    except CUT:
        return False
    return True
