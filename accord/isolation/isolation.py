"""The scenario's session, rolled back or with real commits, and what a request boundary means on it.

A scenario is one database transaction that never commits. Inside it each request has a session of its own on the same
connection, as in production: what it commits is kept for the scenario (a savepoint is released), what it does not
commit is gone when it ends, and its rollback undoes nothing but itself. See SQLAlchemy, "Joining a Session into an
External Transaction", and `join_transaction_mode="create_savepoint"`.

A scenario tagged @real_commits has a database of its own instead, where requests run at once and really commit.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any
from weakref import WeakSet

import httpx
import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import ORMExecuteState, Session

from accord.contract.check import Contract
from accord.contract.coverage import Coverage
from accord.database.address import SUFFIX
from accord.errors import UsageError
from accord.isolation.deferred import OWN_STATEMENTS, DeferredConstraints
from accord.isolation.outage import Outage
from accord.isolation.real_commits import engine_on_copy
from accord.isolation.requests import Requests
from accord.isolation.statements import only_reads
from accord.isolation.transport import Transport
from accord.isolation.uncommitted import UncommittedWork
from accord.running import Running


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

    One instance serves the whole run, and `request_session` is the one override that the app ever sees: FastAPI's
    cache of dependencies keeps every function that it met, and with it all that a closure holds.
    """

    def __init__(
        self,
        running: Running | None = None,
        observe: Callable[..., None] = lambda *_: None,
        observe_sql: Callable[[str], None] | None = None,
    ) -> None:
        self.request_session: Callable[[], AsyncIterator[AsyncSession]] = self._request_session
        """Stands in for the app's dependency that yields a session. It is one object, as said above."""
        self.real_commits = False
        self.lost: str | None = None
        """Says that another run has taken the database over, if so: nothing may be done there any more."""
        self.coverage: Coverage | None = Coverage()
        self.observe = observe
        self.observe_sql = observe_sql
        self.running = running or Running()
        self.outage = Outage(self.running)
        self.uncommitted = UncommittedWork(self.running)
        self._requests = Requests()
        self._deferred = DeferredConstraints()
        self._bind: AsyncConnection | AsyncEngine | None = None
        self._sessions = async_sessionmaker[AsyncSession]()
        # Weak, since a fixture may make an engine for each test.
        self._known_engines = WeakSet[Engine]()

    def begin(self, real_commits: bool) -> None:
        """A scenario, or test, begins; `real_commits` says whether it is tagged so."""
        self.real_commits = real_commits
        self.outage.begin()
        self._deferred.begin()
        self._requests.begin()

    def lose(self, sentence: str) -> None:
        """The run's database is another's by now; this may be called in another thread."""
        self.lost = sentence

    @asynccontextmanager
    async def session(
        self, engine: AsyncEngine, sessions: async_sessionmaker[AsyncSession] | None = None
    ) -> AsyncIterator[AsyncSession]:
        """Yield the scenario's session: rolled back at the end, or on a copy of the database if tagged @real_commits.

        `sessions` is the app's own factory: requests get sessions with its settings. Requests that are still under
        way at the end are cancelled.
        Raises UsageError where the database can't be copied: nothing else may be connected to it meanwhile.
        """
        opened = self._really_committed if self.real_commits else self._rolled_back
        # An attribute that has expired would be loaded when it is read, where nothing can be awaited.
        self._sessions = sessions or async_sessionmaker(expire_on_commit=False)
        try:
            async with opened(engine) as session:
                self.uncommitted.begin(session)
                self.outage.has_session = True
                try:
                    yield session
                finally:
                    # First: a request that goes on would use the connection while it is rolled back.
                    await self._requests.cancel()
        finally:
            self._bind = self.outage.connection = None
            self.outage.has_session = False
            self.uncommitted.end()

    @asynccontextmanager
    async def _rolled_back(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        """Yield a session in a transaction that is rolled back at the end, whatever was committed in between."""
        is_new = self._listen(engine.sync_engine)
        # `async with` a connection, or session, closes it in a task of its own: four turns of the event loop.
        async with aclosing(await engine.connect()) as connection:
            transaction = await connection.begin()
            if is_new:
                # Once an engine, since it takes a round trip.
                await _check_reached(connection)
            session = AsyncSession(
                bind=connection,
                expire_on_commit=False,
                join_transaction_mode="create_savepoint",
                sync_session_class=ScenarioSession,
            )
            async with aclosing(session):
                self._deferred.check_in(session.sync_session)
                # From here on requests are let in, and not before there is something to roll back.
                self._bind = connection
                self.outage.connection = connection.sync_connection
                yield session
            await transaction.rollback()

    @asynccontextmanager
    async def _really_committed(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        """Yield a session on a copy of the engine's database, removed at the end; requests have a pool of their own."""
        async with engine_on_copy(engine.url, self.lose) as copy:
            event.listen(copy.sync_engine, "handle_error", self.outage.note)
            event.listen(copy.sync_engine, "before_cursor_execute", self._note_sql)
            async with AsyncSession(copy, expire_on_commit=False, sync_session_class=ScenarioSession) as session:
                self._bind = copy
                event.listen(
                    session.sync_session,
                    "after_begin",
                    lambda _session, _transaction, connection: event.listen(
                        connection, "before_cursor_execute", self._note_write
                    ),
                )
                yield session

    async def _request_session(self) -> AsyncIterator[AsyncSession]:
        if self._bind is None:
            raise RuntimeError("A request needs a session, and no db_session is open: request that fixture first.")
        if isinstance(self._bind, AsyncEngine):
            async with self._sessions(bind=self._bind) as session:
                yield session
            return
        async with aclosing(self._sessions(bind=self._bind, join_transaction_mode="create_savepoint")) as session:
            self._deferred.check_in(session.sync_session)
            yield session

    def transport(self, app: Any, contract: Contract | None = None) -> httpx.AsyncBaseTransport:
        """Return the way to `app` for an `httpx.AsyncClient`: in-process, one request after another.

        An error that the app does not handle is the 500 that a user gets, with its traceback in the log. Each response
        is held against the contract, if there is one; what it documents and a scenario sees is noted as covered.
        Raises UncommittedWorkError from a request that begins over changes which a step left uncommitted,
        ContractViolationError from one whose response is not as documented, and OutageError from one that met with a
        connection which is cut, or a disk that is full.

        Where the client has a `timeout`, the response or its next part must come within its `read` seconds, else
        httpx.ReadTimeout is raised, as over a network; connecting, writing and a pool take no time here. The 5 seconds
        that a client of httpx has when nobody chose any do not count: `accord_timeout` does.
        """
        return Transport(
            app,
            contract if self.coverage is not None else None,
            boundary=self.request,
            running=self.running,
            outage=self.outage,
            coverage=self.coverage,
            observe=self.observe,
        )

    @asynccontextmanager
    async def request(self, name: str) -> AsyncIterator[None]:
        """The boundary of one request: it starts over committed work, and alone where there is one connection."""
        # Before anything is sent: the database is another run's.
        if self.lost is not None:
            raise UsageError(self.lost)
        async with self._requests.under_way(name, at_once=isinstance(self._bind, AsyncEngine)):
            await self.uncommitted.check()
            yield

    def _listen(self, engine: Engine) -> bool:
        """Have the engine tell what happens on its connections, and return whether it did not before.

        Once, since a listener a scenario would cost more.
        """
        if engine in self._known_engines:
            return False
        self._known_engines.add(engine)
        event.listen(engine, "handle_error", self.outage.note)
        event.listen(engine, "before_cursor_execute", self._note_statement)
        return True

    def _note_statement(self, connection: Connection, *execution: Any) -> None:
        # The engine may have other connections, of fixtures for example, which are nothing of the scenario's.
        if isinstance(self._bind, AsyncConnection) and connection is self._bind.sync_connection:
            self._note_write(connection, *execution)
            self._note_sql(connection, *execution)

    def _note_write(self, *execution: Any) -> None:
        statement: str = execution[2]
        if only_reads(statement) or statement in OWN_STATEMENTS:
            return
        self._deferred.note_write(statement)
        # What a request writes is its own to commit, and is gone with it if it does not.
        if self._requests.served is None:
            self.uncommitted.note_write()

    def _note_sql(self, *execution: Any) -> None:
        if self.observe_sql is not None and execution[2] not in OWN_STATEMENTS:
            self.observe_sql(execution[2])


async def _check_reached(connection: AsyncConnection) -> None:
    """Raise UsageError unless the connection leads to a database for tests: its address may say another."""
    reached = (await connection.exec_driver_sql("SELECT current_database()")).scalar_one()
    if not reached.endswith(SUFFIX):
        raise UsageError(
            f'The engine of this scenario leads to the database "{reached}", and Accord only works in one whose name '
            f'ends in "{SUFFIX}": make the engine with the address that the fixture `database_url` gives.'
        )


ISOLATION = pytest.StashKey[Isolation]()
