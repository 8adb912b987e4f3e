"""A database of the run: the scenario's transaction in it, or its copy of it, and the connections that lead there."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from weakref import WeakSet

from sqlalchemy import URL, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from accord.database import provision
from accord.database.address import Connection, connect
from accord.errors import AccordError
from accord.isolation.own_connection import OwnConnection
from accord.isolation.physical import PhysicalConnection
from accord.isolation.route import Route
from accord.isolation.scenario import Scenario
from accord.isolation.scenario_connection import ScenarioConnection
from accord.isolation.shared_transaction import SharedTransaction
from accord.isolation.watch import Watch


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
        self._raw = WeakSet[Connection]()
        self._copy: URL | None = None
        self.is_over = False
        """Whether the scenario's copy has been removed."""
        self._removing = AsyncExitStack()
        self._copying = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    # A scenario.

    def begin(self) -> None:
        """A scenario begins."""
        self.is_over = False
        self._transaction.begin()
        for route in list(self._routes):
            route.begin()

    def roll_back(self) -> None:
        """Undo what the scenario did, once there is something to send."""
        self._transaction.begin()

    def forget_schema(self) -> None:
        """Tables, types, functions and constraints may be others by now."""
        self._connection.forget_schema()

    async def remove_copy(self) -> None:
        """Remove the copy that a scenario with real commits worked on."""
        if self._copy is not None:
            self.is_over = True
            await self.close_idle()
            # What goes on meanwhile may have another one made.
            removing, self._copy = self._removing, None
            await removing.aclose()

    def remove_copy_now(self) -> None:
        """Do so where no event loop runs, if a test has had one made without the scenario's session."""
        if self._copy is None or self._loop is None:
            return
        if self._loop.is_closed():
            # What it left open there, the next run removes.
            self._copy = None
        else:
            self._loop.run_until_complete(self.remove_copy())

    async def close(self) -> None:
        """Close the connections that this process has to it."""
        await self._connection.close()
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
        for raw in list(self._raw):
            # A pool opens another one in its place.
            if not raw.is_closed() and not raw.is_in_transaction():
                await raw.close(timeout=2)
        # A copy: engines may come or go while this one is closed.
        for engine in list(self._other_engines):
            await AsyncEngine(engine).dispose() if engine.dialect.is_async else engine.dispose()

    def release_locks_now(self) -> None:
        """Have what the last scenario did rolled back now: another driver would wait for its locks."""
        self._connection.end_last()

    # Connections.

    def add(self, route: Route) -> None:
        """An engine's connection leads here."""
        self._routes.add(route)

    def note_raw(self, connection: Connection) -> None:
        """A connection that no engine made leads here."""
        self._raw.add(connection)

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
            await self._connection.roll_back()

    async def own(self, known: OwnConnection | None, settings: Mapping[str, str]) -> OwnConnection:
        """Return a connection of its own to where the database now is: the known one, or a new one."""
        target, loop = await self.target(), asyncio.get_running_loop()
        await self.release_locks()
        if self._scenario.is_rolled_back and self._connection.is_begun:
            raise self._watch.in_another_thread()
        if known is not None:
            if known.target == (target, loop) and not known.physical.connection.is_closed():
                return known
            await known.close()
        physical = PhysicalConnection(await connect(target, settings))
        self._own.add(own := OwnConnection(physical, (target, loop), self.forget_schema))
        return own

    @property
    def current(self) -> URL | None:
        """Where the database now is; None where it is a copy that is not made yet."""
        return self._copy if self._scenario.is_real else self.url

    async def target(self) -> URL:
        """Return where the database now is; a copy is made where it is first needed.

        Raises UsageError where the database can't be copied.
        """
        if not self._scenario.is_real:
            return self.url
        if self._loop is not (loop := asyncio.get_running_loop()):
            self._loop, self._copying = loop, asyncio.Lock()
        async with self._copying:
            if (copy := self._copy) is None:
                self.is_over = False
                await self.close()
                removing = AsyncExitStack()
                try:
                    copy = await removing.enter_async_context(provision.clone(self.url, self._lose))
                except AccordError as error:
                    raise self._watch.report(error) from None
                self._copy, self._removing = copy, removing
        return copy

    async def _open(self) -> PhysicalConnection:
        return PhysicalConnection(await connect(self.url))
