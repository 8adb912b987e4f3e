"""The scenario's session, rolled back or with real commits, and what a request boundary means on it.

A scenario is one database transaction that never commits, in which each transaction of the app, whichever engine or
session it comes from, is a savepoint: see `sandbox.py`. A scenario tagged @real_commits has a copy of the database
instead, where commits are real.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session

from accord.contract.check import Contract
from accord.contract.checking import Checking
from accord.errors import UsageError
from accord.isolation.outage import Outage
from accord.isolation.requests import Requests
from accord.isolation.sandbox import Sandbox
from accord.isolation.transport import Transport
from accord.isolation.uncommitted import UncommittedWork
from accord.running import SERVED, Running


class ScenarioSession(Session):
    """The steps' own session: it answers from the database, never from memory.

    Requests change rows behind its back, so each read overwrites what it had loaded (`populate_existing`).
    """

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """Load by primary key, as `Session.get`, from the database each time."""
        return super().get(entity, ident, **(options | {"populate_existing": True}))


@event.listens_for(ScenarioSession, "do_orm_execute")
def _read_from_database(state: ORMExecuteState) -> None:
    if state.is_select and not state.is_column_load:
        state.update_execution_options(populate_existing=True)


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
        self.running = running or Running()
        self.outage = Outage(self.running)
        self.sandbox = Sandbox(self.running, self.outage, self.lose)
        self.uncommitted = UncommittedWork(self.running, self.sandbox.watch.open_work)
        self._requests = Requests()
        self._sessions: async_sessionmaker[AsyncSession] | None = None

    @property
    def real_commits(self) -> bool:
        """Whether the scenario is tagged @real_commits."""
        return self.sandbox.real_commits

    def begin(self, real_commits: bool, *, uses_database: bool = True) -> None:
        """A scenario, or test, begins; `real_commits` says whether it is tagged so."""
        self.outage.begin()
        self.sandbox.begin(real_commits=real_commits, uses_database=uses_database)

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
            self.uncommitted.begin(session)
            self.outage.has_session = True
            try:
                yield session
            finally:
                # First: a request that goes on would use the connection while it is rolled back.
                await self._requests.cancel()
                self._sessions = None
                self.outage.has_session = False
                self.uncommitted.end()

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
        self.uncommitted.check()
        await self.sandbox.leave_original()
        with self._requests.under_way():
            yield


ISOLATION = pytest.StashKey[Isolation]()
