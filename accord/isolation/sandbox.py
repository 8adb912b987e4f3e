"""Where every engine of the process leads: to the run's database, and in a scenario onto its one connection.

It stands where every access of an app to its database passes, whatever its shape: SQLAlchemy's event `do_connect`, at
which a pool of any engine opens a connection, whatever address the engine was made with and whenever.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any
from weakref import WeakSet

import asyncpg
from sqlalchemy import URL, Connection, Dialect, Engine, Pool, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from accord.compat.asyncpg import Connect, checked, connecting_through, elsewhere
from accord.compat.sqlalchemy import creating_through
from accord.database import address, provision
from accord.database.address import check, connect
from accord.database.provision import Prepare
from accord.errors import AccordError, UsageError
from accord.isolation.connection import Place, SandboxConnection
from accord.isolation.outage import Outage
from accord.isolation.own_connection import OwnConnection
from accord.isolation.physical import PhysicalConnection
from accord.isolation.shared_transaction import SharedTransaction
from accord.isolation.statements import read
from accord.isolation.work import SERVED, Work
from accord.running import Running

# What says in the arguments of a connection where it leads, and as whom.
_ADDRESS = frozenset(
    ["host", "hostaddr", "port", "user", "password", "dbname", "database", "service", "passfile", "dsn", "conninfo"]
)


# What a pool notes of a connection of another driver: to which database it leads.
_LED = "accord_led_to"


class Sandbox:
    """Leads engines to the run's database, while there is one.

    A scenario's transaction begins where its first statement is sent, and is rolled back at its end, or, where
    `real_commits` is set, its database is a copy, made where it is first needed and removed at the end.
    """

    def __init__(self, running: Running, outage: Outage) -> None:
        self.running = running
        self.outage = outage
        self.real_commits = False
        self.observe_sql: Callable[[str], None] | None = None
        self.lose: Callable[[str], None] = lambda _sentence: None
        self.url: URL | None = None
        """The run's database, if it has one."""
        self._is_in_scenario = False
        self._takes_new_engines = False
        self._led = WeakSet[Dialect]()
        self._connections = WeakSet[SandboxConnection]()
        self._other_engines = WeakSet[Engine]()
        self._open = dict[Work, None]()
        self._shared = SharedTransaction(self._open_shared, self.report)
        self._copy: URL | None = None
        self._copies = AsyncExitStack()
        self._copying = asyncio.Lock()

    # The run.

    @contextmanager
    def leading_to(self, url: URL) -> Iterator[None]:
        """Lead engines to this database meanwhile."""
        self.url = url
        self._takes_new_engines = True
        _SANDBOXES.append(self)
        try:
            with creating_through(self._replace_creator), connecting_through(self._connect_raw):
                yield
        finally:
            _SANDBOXES.remove(self)
            self.url = None

    def led(self, prepare: Prepare) -> Prepare:
        """Return what prepares a database, with all engines led there meanwhile."""

        async def prepare_led(url: str) -> None:
            __tracebackhide__ = True
            with self.leading_to(make_url(url)):
                try:
                    await prepare(url)
                finally:
                    await self.close()

        return prepare_led

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Have connections of their own, and real commits: what is set up here is there for many scenarios."""
        before, self._is_in_scenario = self._is_in_scenario, False
        try:
            yield
        finally:
            self._is_in_scenario = before
            # By whichever driver.
            self._shared.forget_schema()

    async def close(self) -> None:
        """Close the connections to the run's database."""
        await self._shared.close()
        await self._close_idle()

    # A scenario.

    def begin(self, *, real_commits: bool, uses_database: bool = True) -> None:
        """A scenario, or another test, begins; engines that are new in a test that uses no database are its own."""
        self.real_commits = real_commits
        self._takes_new_engines = uses_database
        self._is_in_scenario = True
        self._open.clear()
        self._shared.begin()
        self._copying = asyncio.Lock()
        for connection in list(self._connections):
            connection.begin()

    def roll_back(self) -> None:
        """Undo what the scenario did."""
        self._open.clear()
        self._shared.begin()

    def leave(self) -> None:
        """The scenario is over, but for its copy of the database."""
        self.roll_back()
        self._is_in_scenario = False

    @property
    def has_copy(self) -> bool:
        """Whether the scenario's copy of the database is to be removed."""
        return self._copy is not None

    async def remove_copy(self) -> None:
        """Remove the copy that a scenario with real commits worked on."""
        if self._copy is not None:
            await self._close_idle()
            self._copy = None
            await self._copies.aclose()

    @asynccontextmanager
    async def scenario(self, url: URL) -> AsyncIterator[URL]:
        """Have a scenario meanwhile, also where no test of pytest began one, and yield where its database is."""
        async with AsyncExitStack() as stack:
            if self.url is None:
                check(url, "The engine's address")
                stack.enter_context(self.leading_to(url))
                stack.push_async_callback(self.close)
            before, self._is_in_scenario = self._is_in_scenario, True
            try:
                yield await self._target()
            finally:
                self.roll_back()
                await self.remove_copy()
                self._is_in_scenario = before

    def open_work(self) -> Work | None:
        """Return the transaction in which a step, or a fixture, wrote something that it has not committed."""
        return next((it for it in self._open if it.leaves_rows and not it.is_of_app and not it.is_failed), None)

    # Connections.

    def connection_for(self, dialect: Dialect, record: Any, arguments: dict[str, Any]) -> Any:
        """Return a connection of the driver's for an engine of PostgreSQL, or None if the engine is not led."""
        if self.url is None or dialect.name != "postgresql":
            return None
        if dialect not in self._led:
            if not self._takes_new_engines:
                return None
            self._led.add(dialect)
        if dialect.driver == "asyncpg":
            settings = {name: str(value) for name, value in (arguments.get("server_settings") or {}).items()}
            return dialect.connect(async_creator_fn=_Creator(self, settings), prepared_statement_cache_size=0)
        connection = dialect.connect(**self._elsewhere(dialect, arguments))
        if record is not None:
            record.info[_LED] = self._current
        return connection

    def new_connection(self, settings: dict[str, str]) -> SandboxConnection:
        """Return what an engine on asyncpg gets for a connection with settings of its own."""
        connection = SandboxConnection(self, settings)
        self._connections.add(connection)
        return connection

    def check_out(self, connection: object, info: dict[Any, Any]) -> None:
        """Have a pool open another connection instead of one that leads elsewhere. Raises DisconnectionError."""
        if isinstance(connection, SandboxConnection):
            connection.configured()
        elif self._takes_new_engines and (
            isinstance(connection, asyncpg.Connection)
            or (type(connection).__module__.startswith("psycopg") and info.get(_LED) != self._current)
        ):
            raise DisconnectionError("it was opened before the run had its database, or for another one")

    @property
    def _current(self) -> URL | None:
        return self._copy if self._is_real else self.url

    def _replace_creator(self, creator: Any) -> Any:
        is_led = self._takes_new_engines and not isinstance(creator, _Creator)
        return _Creator(self, {}) if is_led else creator

    async def _connect_raw(self, connect: Connect, options: dict[str, Any]) -> Any:
        """Open a connection that the app makes through asyncpg alone."""
        base = options["connection_class"]
        if not self._takes_new_engines or issubclass(base, address.OwnConnection):
            return await connect(**options)
        where = address.arguments_of(await self._target())
        return await connect(**elsewhere(options | {"connection_class": checked(base, self._check_raw)}, where))

    def _check_raw(self, statement: str) -> None:
        if self.shared() is not None and read(statement).leaves_rows:
            raise self._cannot_take_part("a connection of asyncpg that no engine of SQLAlchemy made")

    def _cannot_take_part(self, by: str) -> AccordError:
        return self.report(
            UsageError(
                f"{SERVED.get() or self.running.name} writes to the database by {by}, which can't take part in the "
                "scenario's transaction, as an engine on asyncpg does: tag the scenario @real_commits."
            )
        )

    def _elsewhere(self, dialect: Dialect, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of another driver, for the run's database."""
        if (url := self._current) is None:
            raise self.report(
                UsageError(
                    f"{self.running.name} connects by {dialect.driver} before there is a copy of the database, which "
                    "@real_commits makes: request the fixture `db_session`."
                )
            )
        _, where = dialect.create_connect_args(url.set(drivername=f"postgresql+{dialect.driver}"))
        kept = {name: value for name, value in arguments.items() if name not in _ADDRESS and not name.startswith("ssl")}
        return {**kept, **where}

    def shared(self) -> SharedTransaction | None:
        """Return the scenario's transaction, or None where each connection is one of its own now."""
        return self._shared if self._is_in_scenario and not self.real_commits else None

    @property
    def _is_real(self) -> bool:
        return self._is_in_scenario and self.real_commits

    async def own(self, known: OwnConnection | None, settings: dict[str, str]) -> OwnConnection:
        """Return a connection of its own to where the database now is: the known one, or a new one."""
        target, loop = await self._target(), asyncio.get_running_loop()
        await self._shared.roll_back()
        if known is not None:
            if known.target == (target, loop) and not known.physical.connection.is_closed():
                return known
            await known.close()
        physical = PhysicalConnection(await connect(target, settings))
        return OwnConnection(physical, (target, loop), self._shared.forget_schema)

    async def _target(self) -> URL:
        assert self.url is not None, "only an engine that is led comes here"
        if not self._is_real:
            return self.url
        async with self._copying:
            if self._copy is None:
                await self._shared.close()
                await self._close_idle()
                try:
                    self._copy = await self._copies.enter_async_context(provision.clone(self.url, self.lose))
                except AccordError as error:
                    raise self.report(error) from None
        return self._copy

    async def _close_idle(self) -> None:
        """Close what this process keeps open to the database, and does not use: it can't be copied meanwhile."""
        for connection in list(self._connections):
            await connection.close_own()
        # A copy: engines may come or go while this one is closed.
        for engine in list(self._other_engines):
            await AsyncEngine(engine).dispose() if engine.dialect.is_async else engine.dispose()

    async def _open_shared(self) -> PhysicalConnection:
        assert self.url is not None, "only an engine that is led comes here"
        return PhysicalConnection(await connect(self.url))

    # What happens on them.

    def work(self, session: dict[str, str]) -> Work:
        """Return what stands for a transaction that begins now."""
        served = SERVED.get()
        return Work(served or self.running.name, served is not None, session)

    def note_begin(self, work: Work) -> None:
        """A transaction has begun."""
        self._open[work] = None

    def note_end(self, work: Work) -> None:
        """It has ended."""
        self._open.pop(work, None)

    def note(self, sql: str) -> None:
        """A statement is sent."""
        if self.observe_sql is not None and sql and self._is_in_scenario:
            self.observe_sql(sql)

    def note_error(self, error: BaseException, place: Place) -> None:
        """A statement fails."""
        is_shared = isinstance(place, SharedTransaction)
        is_cut = is_shared and place.physical is not None and place.physical.connection.is_closed()
        self.outage.note(error, is_cut=is_cut)

    def report(self, error: AccordError) -> AccordError:
        """Have the scenario fail with this error, whatever the app makes of it; returns it."""
        self.outage.report(error, is_raised=SERVED.get() is None)
        return error

    def refuse_write(self, connection: Connection, statement: str) -> None:
        """Raise UsageError where another driver would write in a scenario, since nothing would undo that."""
        dialect = connection.dialect
        if self.shared() is not None and dialect in self._led and read(statement).leaves_rows:
            raise self._cannot_take_part(dialect.driver)

    def note_engine(self, engine: Engine) -> None:
        """An engine of another driver has a connection."""
        if engine.dialect in self._led:
            self._other_engines.add(engine)


class _Creator:
    """Makes connections of the sandbox for an engine on asyncpg."""

    def __init__(self, sandbox: Sandbox, settings: dict[str, str]) -> None:
        self._sandbox = sandbox
        self._settings = settings

    async def __call__(self, *_arguments: object, **_options: object) -> SandboxConnection:
        return self._sandbox.new_connection(self._settings)


# A run may be within a run, as tests of plugins are: the inner one's engines are its own.
_SANDBOXES: list[Sandbox] = []


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, record: Any, _arguments: object, parameters: dict[str, Any]) -> Any:
    for sandbox in reversed(_SANDBOXES):
        if (connection := sandbox.connection_for(dialect, record, parameters)) is not None:
            return connection
    return None


@event.listens_for(Engine, "before_cursor_execute")
def _refuse_write(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
    if connection.dialect.driver != "asyncpg":
        for sandbox in _SANDBOXES:
            sandbox.refuse_write(connection, statement)


@event.listens_for(Engine, "engine_connect")
def _note_engine(connection: Connection) -> None:
    if connection.dialect.driver != "asyncpg":
        for sandbox in _SANDBOXES:
            sandbox.note_engine(connection.engine)


@event.listens_for(Pool, "checkout")
def _check_out(connection: Any, record: Any, _proxy: object) -> None:
    if _SANDBOXES:
        _SANDBOXES[-1].check_out(getattr(connection, "driver_connection", connection), record.info)
