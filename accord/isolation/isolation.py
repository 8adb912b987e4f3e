"""The scenario's session, rolled back or with real commits, and what a request boundary means on it.

A scenario is one database transaction that never commits, in which each transaction of the app, whichever engine or
session it comes from, is a savepoint: see `sandbox.py`. A scenario tagged @real_commits has a copy of the database
instead, where commits are real.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from typing import TYPE_CHECKING, Any

import pytest

from accord.contract.checking import Checking
from accord.errors import UsageError
from accord.isolation import unled
from accord.isolation.outage import Outage
from accord.isolation.requests import Requests
from accord.isolation.scenario import Scenario
from accord.running import SERVED, Running

if TYPE_CHECKING:
    import httpx
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

    from accord.contract.check import Contract
    from accord.isolation.sandbox import Sandbox


class Isolation:
    """Keeps a scenario apart from the next one, and each request apart from the steps around it.

    One instance serves the whole run.
    """

    def __init__(
        self,
        running: Running | None = None,
        observe: Callable[..., None] = lambda *_: None,
    ) -> None:
        self.request_session: Callable[[], AsyncIterator[AsyncSession]] = self._request_session
        """May stand in for the app's dependency that yields a session, which needs no replacing.

        It yields what that dependency yields, if that has no parameters and is no placeholder, and otherwise a session
        of its own. It is one object, since FastAPI's cache of dependencies keeps each function that it met.
        """
        self.lost: str | None = None
        """Says that another run has taken the database over, if so: nothing may be done there any more."""
        self.checking: Checking | None = Checking()
        self.observe = observe
        self.observe_sql: Callable[[str], None] | None = None
        self.observe_database: Callable[[str], None] = lambda _server: None
        self.running = running or Running()
        self.outage = Outage(self.running)
        self._scenario = Scenario()
        self._sandbox: Sandbox | None = None
        self._requests = Requests()
        self._sessions: async_sessionmaker[AsyncSession] | None = None

    @property
    def real_commits(self) -> bool:
        """Whether the scenario is tagged @real_commits."""
        return self._scenario.real_commits

    @property
    def sandbox(self) -> Sandbox:
        """The run's databases. It is there from its first use on: what it takes is imported then."""
        if self._sandbox is None:
            from accord.isolation.sandbox import Sandbox

            self._sandbox = Sandbox(self._scenario, self.running, self.outage, self.lose)
            self._sandbox.watch.observe_sql = self.observe_sql
        return self._sandbox

    def begin(self, real_commits: bool, *, uses_database: bool = True) -> None:
        """A scenario, or test, begins; `real_commits` says whether it is tagged so."""
        self.outage.begin()
        scenario = self._scenario
        scenario.is_under_way, scenario.real_commits = True, real_commits
        scenario.uses_database, scenario.thread = uses_database, threading.get_ident()
        if self._sandbox is not None:
            self._sandbox.begin()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Have connections of their own, and real commits: what is set up here is there for many scenarios."""
        before, self._scenario.is_under_way = self._scenario.is_under_way, False
        try:
            yield
        finally:
            self._scenario.is_under_way = before
            if self._sandbox is not None:
                self._sandbox.note_outside()

    def end_step(self) -> None:
        """A step has passed. Raises the error of an outage that it has not seen."""
        if self._sandbox is not None:
            self._sandbox.uncommitted.note()
        self.outage.check_at_end()

    def leave(self) -> None:
        """The scenario is over; no event loop runs."""
        if self._sandbox is not None:
            self._sandbox.leave()
        self._scenario.is_under_way = False

    def uncommitted(self) -> list[str]:
        """Return a sentence on each request of the scenario that ended without committing what it had changed."""
        return [] if self._sandbox is None else self._sandbox.watch.uncommitted()

    def limits(self) -> list[str]:
        """Return what the scenario met with that one transaction cannot show."""
        return [] if self._sandbox is None else self._sandbox.watch.limits.sentences()

    def lose(self, sentence: str) -> None:
        """The run's database is another's by now; this may be called in another thread."""
        self.lost = sentence

    @asynccontextmanager
    async def session(
        self, engine: AsyncEngine, sessions: async_sessionmaker[AsyncSession] | None = None
    ) -> AsyncIterator[AsyncSession]:
        """Yield the scenario's session: rolled back at the end, or on a copy of the database if tagged @real_commits.

        `sessions` is the app's own factory: `request_session` yields sessions with its settings. Requests that are
        still under way at the end are cancelled.
        Raises UsageError where the database can't be copied: nothing else may be connected to it meanwhile.
        """
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

        from accord.isolation.scenario_session import ScenarioSession

        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(self.sandbox.scenario(engine.url))
            if self.real_commits:
                engine = create_async_engine(url)
                stack.push_async_callback(engine.dispose)
            # An attribute that has expired would be loaded when it is read, where nothing can be awaited.
            self._sessions = async_sessionmaker(
                **((sessions.kw if sessions else {"expire_on_commit": False}) | {"bind": engine}),
                class_=sessions.class_ if sessions else AsyncSession,
            )
            # `async with` a session closes it in a task of its own: four cycles of the event loop.
            session = await stack.enter_async_context(
                aclosing(AsyncSession(engine, expire_on_commit=False, sync_session_class=ScenarioSession))
            )
            self.sandbox.uncommitted.begin(session)
            self.outage.has_session = True
            try:
                yield session
            finally:
                # First: a request that goes on would use the connection while it is rolled back.
                await self._requests.cancel()
                self._sessions = None
                self.outage.has_session = False
                self.sandbox.uncommitted.end()

    async def _request_session(self) -> AsyncIterator[AsyncSession]:
        if self._sessions is None:
            raise RuntimeError("A request needs a session, and no db_session is open: request that fixture first.")
        async with AsyncExitStack() as stack:
            session: Any = None
            if (dependency := self._replaced()) is not None:
                # A placeholder, which is there to be replaced, raises one of these, or yields nothing.
                with suppress(AssertionError, NotImplementedError):
                    session = await stack.enter_async_context(dependency())
            if session is None:
                session = await stack.enter_async_context(aclosing(self._sessions()))
            yield session

    def _replaced(self) -> Callable[[], AbstractAsyncContextManager[Any]] | None:
        """Return the app's dependency in whose stead `request_session` was called, if it can be called so."""
        app = served.scope.get("app") if (served := SERVED.get()) is not None else None
        overrides: dict[Callable[..., Any], Any] = getattr(app, "dependency_overrides", {})
        for dependency, override in overrides.items():
            if override is not self.request_session or inspect.signature(dependency).parameters:
                continue
            if inspect.isasyncgenfunction(dependency):
                return asynccontextmanager(dependency)
        return None

    def transport(
        self,
        app: Any,
        contract: Contract | None = None,
        *,
        client: tuple[str, int] = ("127.0.0.1", 123),
        raise_server_exceptions: bool = False,
    ) -> httpx.AsyncBaseTransport:
        """Return a transport to `app` for an `httpx.AsyncClient`, in-process.

        `client` is the host and the port from which requests come. An error that the app does not handle is the 500
        that a user gets, with its traceback in the log, unless `raise_server_exceptions` has it raised, as Starlette's
        `TestClient` does. Each response is checked against the contract, if there is one, as `accord_contract` says;
        what it documents and a scenario sees is noted as covered.
        Raises UncommittedWorkError from a request that begins over changes which a step left uncommitted,
        ContractViolationError from one whose response is not as documented, OutageError from one whose connection was
        cut, or for which the server's disk was full, and DeadlockError from one that waits for another for 4 seconds.

        Where the client has a `timeout`, the response or its next part must come within its `read` seconds, else
        httpx.ReadTimeout is raised, as over a network; connecting, writing and a pool take no time here. The 5 seconds
        that a client of httpx has when nobody chose any do not count: `accord_timeout` does.
        """
        from accord.isolation.transport import Transport

        return Transport(
            app,
            contract if self.checking is not None and not self.checking.is_off else None,
            boundary=self.request,
            running=self.running,
            outage=self.outage,
            checking=self.checking,
            observe=self.observe,
            client=client,
            raise_server_exceptions=raise_server_exceptions,
        )

    @asynccontextmanager
    async def request(self, _name: str) -> AsyncIterator[None]:
        """The boundary of one request: it starts over committed work, and ends with the scenario at the latest."""
        # Before anything is sent: the database is another run's.
        if self.lost is not None:
            raise UsageError(self.lost)
        unled.listen()
        if self._sandbox is not None:
            self._sandbox.uncommitted.check()
            await self._sandbox.leave_original()
        with self._requests.under_way():
            yield


ISOLATION = pytest.StashKey[Isolation]()
