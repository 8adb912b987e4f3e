"""A database of the run: the scenario's transaction in it, or its copy of it, and the connections that lead there."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import URL, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from accord.compat.asyncpg import close
from accord.database import provision
from accord.database.address import Connection, connect
from accord.errors import AccordError
from accord.isolation.database_copy import DatabaseCopy
from accord.isolation.own_connection import OwnConnection
from accord.isolation.physical import PhysicalConnection
from accord.isolation.route import Route
from accord.isolation.scenario import Scenario
from accord.isolation.scenario_connection import ScenarioConnection
from accord.isolation.shared_transaction import SharedTransaction
from accord.isolation.under_way import UnderWay
from accord.isolation.watch import Watch

# As long as PostgreSQL waits for others to leave a database that is to be copied.
_LONGEST_WAIT_SECONDS = 5.0
_PAUSE_SECONDS = 0.01


class RunDatabase:
    """A database to which engines are led; `lose` is called if another run takes a copy of it."""

    def __init__(self, url: URL, scenario: Scenario, watch: Watch, lose: Callable[[str], None]) -> None:
        self.url = url
        self._scenario = scenario
        self._watch = watch
        self._lose = lose
        self._connection = ScenarioConnection(self._open)
        self._transaction = SharedTransaction(self._connection, watch.report)
        self._routes = WeakSet[Route]()
        self._own = set[OwnConnection]()
        self._other_engines = WeakSet[Engine]()
        self._raw = WeakKeyDictionary[Connection, URL]()
        self.openings = UnderWay()
        """The connections that are opened to it: once they are there, they can be closed."""
        self.uses = UnderWay()
        """The statements that are sent beside the scenario."""
        self.copy = DatabaseCopy(self._copied, self._leave_copy)
        """That of the scenario, if it has real commits."""

    # A scenario.

    def begin(self) -> None:
        """A scenario begins."""
        self.copy.is_over = False
        self._transaction.begin()
        for route in list(self._routes):
            route.begin()

    def roll_back(self) -> None:
        """Undo what the scenario did, once there is something to send."""
        self._transaction.begin()

    def forget_schema(self) -> None:
        """Tables, types, functions and constraints may be others by now."""
        self._connection.forget_schema()

    async def close(self) -> None:
        """Close the connections that this process has to it."""
        await self._connection.close()
        await self.close_idle()

    def _is_in_use(self) -> bool:
        is_raw_used = any(not raw.is_closed() and raw.is_in_transaction() for raw in list(self._raw))
        return bool(self.openings or self.uses) or is_raw_used or not all(own.is_idle for own in self._own)

    async def _leave_copy(self) -> None:
        await _while(lambda: bool(self.openings))
        await self.close_idle()

    async def close_idle(self) -> None:
        """Close what this process keeps open to it, and does not use: it can't be copied meanwhile."""
        for route in list(self._routes):
            await route.close_own()
        # Of an engine that is no more, the connection is still open at the server.
        left = self._own - {route.own for route in self._routes}
        self._own -= left
        for own in left:
            await own.close()
        await self._close_raw(self._raw)
        # A copy: engines may come or go while this one is closed.
        for engine in list(self._other_engines):
            await AsyncEngine(engine).dispose() if engine.dialect.is_async else engine.dispose()

    async def leave_original(self) -> None:
        """Have pools that were filled outside of a scenario with real commits lead to its copy."""
        await self._close_raw([raw for raw, url in list(self._raw.items()) if url == self.url])

    async def _close_raw(self, which: Iterable[Connection]) -> None:
        for raw in list(which):
            # A pool opens another one in its place.
            if not raw.is_closed() and not raw.is_in_transaction():
                await close(raw)

    def release_locks_now(self) -> None:
        """Have what the last scenario did rolled back now: another driver would wait for its locks."""
        self._connection.end_last()

    # Connections.

    def add(self, route: Route) -> None:
        """An engine's connection leads here."""
        self._routes.add(route)

    def note_raw(self, connection: Connection, url: URL) -> None:
        """A connection that no engine made leads here, or to the copy."""
        self._raw[connection] = url

    def note_engine(self, engine: Engine) -> None:
        """An engine on another driver leads here."""
        self._other_engines.add(engine)

    def transaction(self) -> SharedTransaction | None:
        """Return the scenario's transaction, or None where each connection is one of its own now."""
        is_here = self._scenario.is_rolled_back and threading.get_ident() == self._scenario.thread
        return self._transaction if is_here else None

    async def release_locks(self) -> None:
        """Roll back what the last scenario did, for whose locks a connection of its own would wait."""
        if not self._scenario.is_rolled_back:
            with self.uses:
                await self._connection.roll_back()

    async def own(self, known: OwnConnection | None, settings: Mapping[str, str]) -> OwnConnection:
        """Return a connection of its own to where the database now is: the known one, or a new one."""
        target, loop = await self.target(), asyncio.get_running_loop()
        with known.uses if known is not None else nullcontext():
            await self.release_locks()
        if self._scenario.is_rolled_back and self._connection.is_begun:
            raise self._watch.in_another_thread()
        if known is not None:
            if known.target == (target, loop) and known.is_open:
                return known
            await known.close()
        with self.openings:
            physical = PhysicalConnection(await connect(target, settings))
        self._own.add(own := OwnConnection(physical, (target, loop), self.forget_schema))
        return own

    @property
    def current(self) -> URL | None:
        """Where the database now is; None where it is a copy that is not made yet."""
        return self.copy.url if self._scenario.is_real else self.url

    def has_left(self, url: URL) -> bool:
        """Whether what leads there led to where the database was before."""
        return self._scenario.is_real and url != (self.url if self.copy.is_over else self.copy.url)

    async def target(self) -> URL:
        """Return where the database now is; a copy is made where it is first needed.

        Raises UsageError where the database can't be copied.
        """
        return await self.copy.there() if self._scenario.is_real else self.url

    @asynccontextmanager
    async def _copied(self) -> AsyncIterator[URL]:
        # What goes on beside the scenario, as in a task of the app or a pool that fills itself, comes to its end.
        await _while(self._is_in_use)
        await self.close()
        async with AsyncExitStack() as stack:
            try:
                url = await stack.enter_async_context(provision.clone(self.url, self._lose))
            except AccordError as error:
                raise self._watch.report(error) from None
            yield url

    async def _open(self) -> PhysicalConnection:
        with self.openings:
            return PhysicalConnection(await connect(self.url))


async def _while(is_busy: Callable[[], bool]) -> None:
    """Wait as long as something goes on, but no longer than PostgreSQL itself would."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
            # What goes on in another thread has no event that could be awaited here.
            while is_busy():  # noqa: ASYNC110
                await asyncio.sleep(_PAUSE_SECONDS)
