"""The scenario's session, rolled back or with real commits, and what a request boundary means on it.

A scenario is one database transaction that never commits. Inside it each request has a session of its own on the same
connection, as in production: what it commits is kept for the scenario (a savepoint is released), what it does not
commit is gone when it ends, and its rollback undoes nothing but itself. See SQLAlchemy, "Joining a Session into an
External Transaction", and `join_transaction_mode="create_savepoint"`.

A scenario tagged @real_commits has a database of its own instead, where requests run at once and really commit.
"""

import asyncio
import logging
import re
import traceback
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import aclosing, asynccontextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import httpx
from sqlalchemy import URL, Connection, Engine, ExceptionContext, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from accord.basics.clock import now
from accord.contract.check import Contract
from accord.contract.coverage import Coverage
from accord.database import provision
from accord.database.address import SUFFIX
from accord.errors import (
    AccordError,
    ContractViolationError,
    DeadlockError,
    OutageError,
    UncommittedWorkError,
    UsageError,
)
from accord.isolation.observed_stream import ObservedStream
from accord.reporting.failures import text_of
from accord.timeouts.stacks import REQUEST
from accord.timeouts.watchdog import current as current_watchdog

logger = logging.getLogger(__name__)

_READS = re.compile(
    r"[\s(]*(?:(?:SELECT|SHOW|VALUES|TABLE|EXPLAIN|SET|SAVEPOINT|RELEASE|ROLLBACK)\b|WITH\b(?!.*\b(?:INTO|DELETE|SET)\b))",
    re.IGNORECASE | re.DOTALL,
)


# One statement, and so one round trip. The block is a subtransaction, whose abort gives each constraint its mode back.
_CHECK_DEFERRED = """
DO $$ BEGIN
    SET CONSTRAINTS ALL IMMEDIATE;
    RAISE EXCEPTION USING ERRCODE = 'ACCRD';
EXCEPTION WHEN SQLSTATE 'ACCRD' THEN NULL;
END $$
"""
_CAN_DEFER = "SELECT EXISTS (SELECT FROM pg_constraint WHERE condeferrable)"
_OWN = (_CHECK_DEFERRED, _CAN_DEFER)
_CHANGES_ROWS = re.compile(r"\s*(?:INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# PostgreSQL's code for it.
_DISK_FULL = "53100"
# How long a request that the scenario leaves may take to end once it is cancelled.
GRACE_SECONDS = 2
# How long a request waits for another one that does not end.
PATIENCE_SECONDS = 4

_ENGINES = WeakSet[Engine]()
# The sessions that join a scenario's transaction. One listener for all of them costs less than one for each.
_ISOLATIONS = WeakKeyDictionary[Session, "Isolation"]()

# The ASGI scope of the request that is under way: the app's router writes into it what it made of the path.
_SCOPE: ContextVar[MutableMapping[str, Any]] = ContextVar("_SCOPE")
# What the app did not handle in the request that is under way.
_TRACEBACK: ContextVar[str | None] = ContextVar("_TRACEBACK", default=None)


# Has the client of the request that is under way wait for the next part as long as for the first.
_PATIENCE: ContextVar[Callable[[], None]] = ContextVar("_PATIENCE")
# What a client has that nobody gave a timeout.
_NOT_CHOSEN = httpx.Timeout(5).as_dict()


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
        observe: Callable[..., None] = lambda *_: None,
        observe_sql: Callable[[str], None] | None = None,
    ) -> None:
        self.request_session: Callable[[], AsyncIterator[AsyncSession]] = self._request_session
        """Stands in for the app's dependency that yields a session. It is one object, as said above."""
        self.observe = observe
        self._observe_sql = observe_sql
        self.step: str | None = None
        self.real_commits = False
        self.lost: str | None = None
        """Says that another run has taken the database over, if so: nothing may be done there any more."""
        self.coverage = Coverage()
        self._unreachable: Callable[[], str | None] = lambda: None
        self._trouble: str | None = None
        self._bind: AsyncConnection | AsyncEngine | None = None
        self._session: AsyncSession | None = None
        self._sessions = async_sessionmaker[AsyncSession]()
        self._turn = asyncio.Lock()
        self._turns = 0
        self._serving: str | None = None
        self._under_way: set[asyncio.Task[Any]] = set()
        self._written = False
        self._defers: bool | None = None
        self._uncommitted_by: str | None = None
        self._heard = WeakSet[Engine]()

    def begin(self, real_commits: bool) -> None:
        """A scenario, or test, begins; `real_commits` says whether it is tagged so."""
        self.real_commits = real_commits
        self._trouble = None
        self._defers = None
        # A request that did not end when it was cancelled may have it still.
        self._turn = asyncio.Lock()

    def lose(self, sentence: str) -> None:
        """The run's database is another's by now; this may be called in another thread."""
        self.lost = sentence

    def trouble(self, error: BaseException) -> str | None:
        """Say in one sentence what became of the database, if that is why the scenario, or test, fails."""
        if self._session is not None or isinstance(error, (OSError, DBAPIError, AccordError, ExceptionGroup)):
            return self._unreachable() or self._trouble
        return self._trouble

    @asynccontextmanager
    async def watch(self, url: URL) -> AsyncIterator[None]:
        """Have `trouble` ask, where no event loop runs, whether the run's database can still be reached."""
        loop = asyncio.get_running_loop()
        self._unreachable = lambda: loop.run_until_complete(provision.unreachable(url))
        yield
        # What fails after this fails without the database, but maybe since it was gone before.
        at_the_end = await provision.unreachable(url)
        self._unreachable = lambda: at_the_end

    @asynccontextmanager
    async def session(
        self, engine: AsyncEngine, sessions: async_sessionmaker[AsyncSession] | None = None
    ) -> AsyncIterator[AsyncSession]:
        """Yield the scenario's session: rolled back at the end, or on a copy of the database if tagged @real_commits.

        `sessions` is the app's own factory: requests get sessions with its settings. Requests that are still under
        way at the end are cancelled.
        Raises UsageError where the database can't be copied: nothing else may be connected to it meanwhile.
        """
        way = self._really_committed if self.real_commits else self._rolled_back
        self._sessions = sessions or async_sessionmaker(expire_on_commit=False)
        try:
            async with way(engine) as session:
                self._session = session
                event.listen(session.sync_session, "after_transaction_end", self._note_end)
                try:
                    yield session
                finally:
                    await self._cancel_requests()
        finally:
            self._bind = self._session = self._uncommitted_by = None

    @asynccontextmanager
    async def _rolled_back(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        """Yield a session in a transaction that is rolled back at the end, whatever was committed in between."""
        is_new = self._listen(engine.sync_engine)
        # `async with` a connection, or session, closes it in a task of its own: four turns of the event loop.
        async with aclosing(await engine.connect()) as connection:
            transaction = await connection.begin()
            if is_new:
                await _check_reached(connection)
            session = AsyncSession(
                bind=connection,
                expire_on_commit=False,
                join_transaction_mode="create_savepoint",
                sync_session_class=ScenarioSession,
            )
            async with aclosing(session):
                _ISOLATIONS[session.sync_session] = self
                self._bind = connection
                yield session
            await transaction.rollback()

    def _listen(self, engine: Engine) -> bool:
        """Have the engine tell what happens on its connections, and return whether it did not before.

        Once, since a listener a scenario would cost more.
        """
        if engine in self._heard:
            return False
        self._heard.add(engine)
        event.listen(engine, "handle_error", self._note_trouble)
        event.listen(engine, "before_cursor_execute", self._note_statement)
        return True

    def _note_statement(self, connection: Connection, *execution: Any) -> None:
        if isinstance(self._bind, AsyncConnection) and connection is self._bind.sync_connection:
            self._note_write(connection, *execution)
            self._tell_sql(connection, *execution)

    @asynccontextmanager
    async def _really_committed(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        """Yield a session on a copy of the engine's database, removed at the end; requests have a pool of their own."""
        await _let_go(engine.url)
        async with provision.clone(engine.url, self.lose) as url:
            copy = create_async_engine(url)
            event.listen(copy.sync_engine, "handle_error", self._note_trouble)
            event.listen(copy.sync_engine, "before_cursor_execute", self._tell_sql)
            async with AsyncSession(copy, expire_on_commit=False, sync_session_class=ScenarioSession) as session:
                self._bind = copy
                event.listen(session.sync_session, "after_begin", self._watch)
                yield session
            await copy.dispose()

    async def _request_session(self) -> AsyncIterator[AsyncSession]:
        if self._bind is None:
            raise RuntimeError("A request needs a session, and no db_session is open: request that fixture first.")
        if isinstance(self._bind, AsyncEngine):
            async with self._sessions(bind=self._bind) as session:
                yield session
            return
        async with aclosing(self._sessions(bind=self._bind, join_transaction_mode="create_savepoint")) as session:
            _ISOLATIONS[session.sync_session] = self
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
        return _Transport(app, self, contract)

    @asynccontextmanager
    async def request(self, name: str) -> AsyncIterator[None]:
        """The boundary of one request: it starts over committed work, and alone where there is one connection."""
        if self.lost is not None:
            raise UsageError(self.lost)
        task = asyncio.current_task()
        assert task is not None, "a request is awaited in a task"
        self._under_way.add(task)
        try:
            if isinstance(self._bind, AsyncEngine):
                await self._refuse_uncommitted()
                yield
                return
            turn = self._turn
            await self._take_turn(name)
            try:
                await self._refuse_uncommitted()
                self._serving = name
                yield
            finally:
                self._serving = None
                turn.release()
        finally:
            self._under_way.discard(task)

    async def _take_turn(self, name: str) -> None:
        while True:
            turns = self._turns
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._turn.acquire()
            except TimeoutError:
                if self._turns == turns:
                    raise DeadlockError(
                        f"{name} waits for {self._serving}, which has not ended for {PATIENCE_SECONDS} seconds, and a "
                        "scenario's requests are served one after another: tag it @real_commits if one needs the other."
                    ) from None
            else:
                self._turns += 1
                return

    async def _refuse_uncommitted(self) -> None:
        if self._session is None:
            return
        self.note_uncommitted()
        if self._uncommitted_by is not None:
            raise UncommittedWorkError(
                f"{self._uncommitted_by} left changes in the database uncommitted when a request began, "
                "and no request would see them in production: end the step with `await db_session.commit()`."
            )
        # Reading opened a savepoint; a request's own must not nest in it.
        if self._session.in_transaction():
            await self._session.commit()

    def refuse_trouble(self) -> None:
        """End a request that met with trouble, whatever the app made of it. Raises OutageError."""
        if self._trouble is not None:
            raise OutageError(self._trouble)

    async def _cancel_requests(self) -> None:
        left = list(self._under_way)
        for task in left:
            task.cancel()
        if left:
            ended, _left = await asyncio.wait(left, timeout=GRACE_SECONDS)
            await asyncio.gather(*ended, return_exceptions=True)

    def note_uncommitted(self) -> None:
        """Remember the step that runs now if the scenario's session holds changes that are not written yet."""
        session = self._session
        if session is None or self._uncommitted_by is not None:
            return
        if session.new or session.deleted or any(session.is_modified(item) for item in session.dirty):
            self._uncommitted_by = self.doer

    def _note_write(self, *execution: Any) -> None:
        statement: str = execution[2]
        if _READS.match(statement) or statement in _OWN:
            return
        if not _CHANGES_ROWS.match(statement):
            self._defers = True  # It may make a constraint that is deferred.
        self._written = True
        if self._serving is None and self._uncommitted_by is None:
            self._uncommitted_by = self.doer

    def _tell_sql(self, *execution: Any) -> None:
        if self._observe_sql is not None and execution[2] not in _OWN:
            self._observe_sql(execution[2])

    def _note_trouble(self, context: ExceptionContext) -> None:
        """Remember what ends the scenario; under @real_commits a connection that is cut is the app's own affair."""
        if self._trouble is not None:
            return
        error = context.original_exception.__cause__ or context.original_exception
        # What follows the first line is a hint; one that was cancelled says nothing.
        reason = text_of(error).partition("\n")[0] or type(error).__name__
        if getattr(context.original_exception, "sqlstate", None) == _DISK_FULL:
            self._trouble = f"The disk of the PostgreSQL server is full ({reason}): make room there, and run again."
        elif (
            context.is_disconnect
            and isinstance(self._bind, AsyncConnection)
            and context.connection is self._bind.sync_connection
        ):
            self._trouble = (
                f"{self.doer} lost the connection to the database ({reason}), and with it all that the scenario had "
                "done there: see what ended it, or tag the scenario @real_commits if that is part of what it tells."
            )

    def _watch(self, _session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
        event.listen(connection, "before_cursor_execute", self._note_write)

    def check_deferred(self, session: Session) -> None:
        """Check deferred constraints, which PostgreSQL does at a real commit only."""
        if session.in_nested_transaction():
            return
        session.flush()
        if not self._written:
            return
        connection = session.connection()
        if self._defers is None:
            self._defers = connection.exec_driver_sql(_CAN_DEFER).scalar_one()
        if self._defers:
            connection.exec_driver_sql(_CHECK_DEFERRED)
        self._written = False

    @property
    def doer(self) -> str:
        """What runs now, for messages that name it."""
        return self.step or "The test, or a fixture of it,"

    def _note_end(self, _session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            self._uncommitted_by = None


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    if (isolation := _ISOLATIONS.get(session)) is not None:
        isolation.check_deferred(session)


@event.listens_for(Engine, "engine_connect")
def _note_engine(connection: Connection) -> None:
    _ENGINES.add(connection.engine)


async def _check_reached(connection: AsyncConnection) -> None:
    """Raise UsageError unless the connection leads to a database for tests: its address may say another."""
    reached = (await connection.exec_driver_sql("SELECT current_database()")).scalar_one()
    if not reached.endswith(SUFFIX):
        raise UsageError(
            f'The engine of this scenario leads to the database "{reached}", and Accord only works in one whose name '
            f'ends in "{SUFFIX}": make the engine with the address that the fixture `database_url` gives.'
        )


async def _let_go(url: URL) -> None:
    """Close what the pools of this process keep open to a database, and do not use: it can't be copied meanwhile."""
    for engine in list(_ENGINES):
        if engine.url.database == url.database:
            await AsyncEngine(engine).dispose() if engine.dialect.is_async else engine.dispose()


def _read_seconds(request: httpx.Request) -> float | None:
    """Return how long the client waits for a part of the response, or None where it was not asked to."""
    timeout = request.extensions.get("timeout", _NOT_CHOSEN)
    return None if timeout == _NOT_CHOSEN else timeout.get("read")


class _Transport(httpx.ASGITransport):
    def __init__(self, app: Any, isolation: Isolation, contract: Contract | None) -> None:
        super().__init__(self._logged, raise_app_exceptions=False)
        self._app = app
        self._isolation = isolation
        self._contract = contract

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        __tracebackhide__ = True
        name = f"{request.method} {request.url.path}"
        async with self._isolation.request(name):
            # A server gives each request a context of its own; what one sets there, the next does not see.
            return await asyncio.create_task(self._answer(request), name=REQUEST + name)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        __tracebackhide__ = True
        if isinstance(request.stream, httpx.SyncByteStream):
            # A form with files, which is read when it is sent; what comes as a stream is left one.
            await request.aread()
        elif isinstance(request.stream, httpx.AsyncByteStream) and not isinstance(request.stream, httpx.ByteStream):
            request.stream = ObservedStream(request.stream)
        began = now()
        try:
            async with asyncio.timeout(seconds := _read_seconds(request)) as patience:
                _PATIENCE.set(lambda: patience.reschedule(seconds and asyncio.get_running_loop().time() + seconds))
                response = await super().handle_async_request(request)
        except TimeoutError:
            if not patience.expired():
                raise
            raise httpx.ReadTimeout(
                f"{request.method} {request.url.path} sent nothing for {seconds:g} seconds, which its timeout allows",
                request=request,
            ) from None
        if (watchdog := current_watchdog()) is not None:
            watchdog.note_answer()
        self._isolation.refuse_trouble()
        # A copy is read: the client may want to read the response as it comes.
        read = httpx.Response(response.status_code, headers=response.headers, stream=response.stream)
        await read.aread()
        documented = None
        try:
            documented = None if self._contract is None else self._check(self._contract, request, read)
        finally:
            self._isolation.observe(request, read, began, documented, self._contract, _TRACEBACK.get())
        return response

    def _check(self, contract: Contract, request: httpx.Request, response: httpx.Response) -> str | None:
        __tracebackhide__ = True
        try:
            documented = contract.check(request, response, _SCOPE.get())
        except ContractViolationError as breach:
            raise ContractViolationError(f"{self._isolation.doer} met a breach of contract: {breach}") from None
        if documented is not None and self._isolation.step is not None:
            self._isolation.coverage.note(contract, documented)
        return documented

    async def _logged(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        _SCOPE.set(scope)
        wait_anew = _PATIENCE.get()

        async def received() -> Any:
            wait_anew()
            return await receive()

        async def sent(message: Any) -> None:
            wait_anew()
            await send(message)

        try:
            await self._app(scope, received, sent)
        except Exception:
            self._isolation.refuse_trouble()
            _TRACEBACK.set(traceback.format_exc())
            logger.exception("%s %s failed in the app", scope["method"], scope["path"])
            raise
