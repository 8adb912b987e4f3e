"""Where every engine of the process leads: to the run's database, and in a scenario onto its one connection.

A scenario's transaction begins where its first statement is sent, and is rolled back at its end. Where it is tagged
@real_commits its database is a copy, made where it is first needed and removed at the end.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from types import MappingProxyType

from sqlalchemy import URL, make_url

from accord.database.address import check
from accord.database.provision import Prepare
from accord.isolation.engines import Engines
from accord.isolation.outage import Outage
from accord.isolation.run_database import RunDatabase
from accord.isolation.scenario import Scenario
from accord.isolation.uncommitted import UncommittedWork
from accord.isolation.watch import Watch
from accord.running import Running

_NO_OTHERS: Mapping[str, URL] = MappingProxyType({})


class Sandbox:
    """The run's databases, and the scenario in them; `lose` is called if another run takes a copy of one."""

    def __init__(self, state: Scenario, running: Running, outage: Outage, lose: Callable[[str], None]) -> None:
        self._state = state
        self._lose = lose
        self.watch = Watch(self._state, running, outage)
        self.engines = Engines(self._state, self.watch)
        self.uncommitted = UncommittedWork(running, self.watch.open_work)
        self._databases: dict[str, RunDatabase] = {}
        self._leaving = asyncio.Lock()

    # The run.

    @contextmanager
    def leading_to(self, url: URL, others: Mapping[str, URL] = _NO_OTHERS) -> Iterator[None]:
        """Lead engines to this database meanwhile, and those that name one of the others to that."""
        self._databases = {
            name: RunDatabase(url, self._state, self.watch, self._lose) for name, url in {"": url, **others}.items()
        }
        try:
            with self.engines.led_to(self._databases):
                yield
        finally:
            self._databases = {}

    def led(self, prepare: Prepare, others: Mapping[str, URL] = _NO_OTHERS) -> Prepare:
        """Return what prepares a database, with all engines led there meanwhile."""

        async def prepare_led(url: str) -> None:
            __tracebackhide__ = True
            with self.leading_to(make_url(url), others):
                try:
                    await prepare(url)
                finally:
                    await self.close()

        return prepare_led

    def note_outside(self) -> None:
        """Something was set up, or torn down, outside of a scenario, which may have changed the schema."""
        # By whichever driver.
        for database in self._databases.values():
            database.forget_schema()

    async def leave_original(self) -> None:
        """Have pools that were filled outside of a scenario with real commits lead to its copy."""
        if not self._state.is_real:
            return
        # Of requests at once, none may take from a pool what is being closed.
        async with self._leaving:
            for database in self._databases.values():
                await database.leave_original()

    async def close(self) -> None:
        """Close the connections that this process has to the databases."""
        for database in self._databases.values():
            await database.close()

    # A scenario.

    def begin(self) -> None:
        """A scenario, or another test, begins."""
        self.watch.begin()
        for database in self._databases.values():
            database.begin()

    def roll_back(self) -> None:
        """Undo what the scenario did."""
        self.watch.forget_open()
        for database in self._databases.values():
            database.roll_back()

    def leave(self) -> None:
        """The scenario is over; no event loop runs."""
        self.roll_back()
        for database in self._databases.values():
            database.copy.remove_now()

    async def remove_copies(self) -> None:
        """Remove the copies that a scenario with real commits worked on."""
        for database in self._databases.values():
            await database.copy.remove()

    @asynccontextmanager
    async def scenario(self, url: URL) -> AsyncIterator[URL]:
        """Have a scenario meanwhile, also where no test of pytest began one, and yield where its database is."""
        async with AsyncExitStack() as stack:
            if not self._databases:
                check(url, "The engine's address")
                stack.enter_context(self.leading_to(url))
                stack.push_async_callback(self.close)
            before, self._state.is_under_way = self._state.is_under_way, True
            try:
                yield await self._database_of(url).target()
            finally:
                self.roll_back()
                await self.remove_copies()
                self._state.is_under_way = before

    def _database_of(self, url: URL) -> RunDatabase:
        return self._databases.get(url.database or "") or self._databases[""]
