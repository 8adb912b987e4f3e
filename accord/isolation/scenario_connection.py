"""The one connection of a run's scenarios, on which each has a transaction that is rolled back."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import asyncpg

from accord.compat.asyncpg import hang_up, let_open_cursors
from accord.isolation.catalog import Catalog
from accord.isolation.physical import PhysicalConnection
from accord.isolation.savepoints import BEGIN
from accord.isolation.session_settings import SessionSettings

_CUT = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)


class ScenarioConnection:
    """A connection that `connect` opens where it is first needed, and again where it was cut between two scenarios.

    Who sends something holds `lock`. What ends a scenario is sent with what begins the next one.
    """

    def __init__(self, connect: Callable[[], Awaitable[PhysicalConnection]]) -> None:
        self._connect = connect
        self.physical: PhysicalConnection | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.lock = asyncio.Lock()
        self._ending = asyncio.Lock()
        self.catalog = Catalog()
        self.settings = SessionSettings()
        self.is_begun = False
        """Whether something was sent in the scenario."""
        self._is_open = False
        self._is_schema_changed = False

    def begin(self) -> None:
        """A scenario begins: all that the last one did is rolled back, once there is something to send."""
        if self.lock.locked():
            # What the last scenario left has not ended, though it was cancelled.
            self.terminate()
            self.lock = asyncio.Lock()
        self.is_begun = False
        self.settings.forget()
        self.schema_rolled_back()
        self._is_schema_changed = False

    async def begun(self) -> PhysicalConnection:
        """Return the connection, on which the scenario's transaction has begun. Raises what PostgreSQL raises."""
        physical = self.physical
        if self.is_begun:
            if physical is None or physical.connection.is_closed():
                raise asyncpg.ConnectionDoesNotExistError("connection is closed")
            return physical
        begin, self._is_open = f"ROLLBACK; {BEGIN}" if self._is_open else BEGIN, True
        if physical is not None:
            try:
                await self.send(begin)
            # It was cut since the last scenario, which lost nothing by that.
            except _CUT:
                self._forget()
        if self.physical is None:
            physical = self.physical = await self._connect()
            let_open_cursors(physical.connection)
            self._is_open = True
            await self.send(BEGIN)
        assert physical is not None
        self.is_begun = True
        return physical

    async def send(self, *statements: str) -> None:
        """Send statements of Accord's own, in one go."""
        if statements:
            assert self.physical is not None, "the scenario has begun"
            await to_its_end(self.physical.connection.execute("; ".join(statements)))

    async def roll_back(self) -> None:
        """Roll back what the last scenario did, since others would wait for its locks."""
        if self.loop is not asyncio.get_running_loop():
            self.end_last()
            return
        # Several may ask for it at once.
        async with self._ending:
            if self.physical is None or self.lock.locked():
                self.end_last()
            elif self._is_open and not self.is_begun:
                # Where the next scenario hangs up meanwhile, the server rolls back as well.
                with suppress(*_CUT):
                    async with self.lock:
                        await self.send("ROLLBACK")
                    self._is_open = False

    def end_last(self) -> None:
        """Have what the last scenario did rolled back, where nothing can be awaited."""
        if self._is_open and not self.is_begun:
            self.terminate()

    async def close(self) -> None:
        """Close it; the next scenario opens another one."""
        physical = self.physical
        if physical is None or self.loop is not asyncio.get_running_loop() or self.lock.locked():
            self.terminate()
        else:
            self._forget()
            await physical.connection.close(timeout=2)

    def terminate(self) -> None:
        """Close it without a word to the server, which rolls back then."""
        if self.physical is not None:
            hang_up(self.physical.connection)
        self._forget()

    def move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Be opened on another event loop, since nothing was sent in this scenario."""
        self.terminate()
        self.loop, self.lock, self._ending = loop, asyncio.Lock(), asyncio.Lock()

    def _forget(self) -> None:
        self.physical, self._is_open = None, False
        self.settings.forget_connection()

    # The schema.

    def forget_schema(self) -> None:
        """Tables, types, functions and constraints may be others by now."""
        self.catalog.is_stale = True
        if self.physical is not None:
            self.physical.forget_schema()

    def schema_changed(self) -> None:
        """The scenario has made it another."""
        self.forget_schema()
        self._is_schema_changed = True

    def schema_rolled_back(self) -> None:
        """Something of the scenario is rolled back, and with it what that changed."""
        if self._is_schema_changed:
            self.forget_schema()


async def to_its_end(sending: Coroutine[Any, Any, object]) -> None:
    """Await what no cancellation may leave half done."""
    task = asyncio.ensure_future(sending)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        # Or asyncio would log that nobody has taken it.
        task.exception()
        raise
