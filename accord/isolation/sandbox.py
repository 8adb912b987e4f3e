"""Where every engine of the process leads: to the run's database, and in a scenario onto its one connection.

It stands where every access of an app to its database passes, whatever its shape: SQLAlchemy's event `do_connect`, at
which a pool of any engine opens a connection, whatever address the engine was made with and whenever.
"""

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Dialect, Engine, ExceptionContext, Pool, event, make_url
from sqlalchemy.exc import DisconnectionError

from accord.compat.asyncpg import Connect, checked, connecting_through, elsewhere
from accord.compat.sqlalchemy import creating_through
from accord.database import address
from accord.database.address import check
from accord.database.provision import Prepare, ignore
from accord.errors import AccordError, UsageError
from accord.isolation.catalog import Catalog
from accord.isolation.connection import SandboxConnection
from accord.isolation.limits import Limits
from accord.isolation.outage import Outage
from accord.isolation.route import Place, Route
from accord.isolation.run_database import RunDatabase
from accord.isolation.shared_transaction import SharedTransaction
from accord.isolation.statements import read
from accord.isolation.work import Work
from accord.running import SERVED, Running

# What says in the arguments of a connection where it leads, and as whom.
_ADDRESS = frozenset(
    ["host", "hostaddr", "port", "user", "password", "dbname", "database", "service", "passfile", "dsn", "conninfo"]
)


# What a pool notes of a connection of another driver: to which database it leads.
_LED = "accord_led_to"
# PostgreSQL's code for a write in a transaction that only reads.
_READ_ONLY = "25006"


class Sandbox:
    """Leads engines to the run's databases, while there are any.

    A scenario's transaction begins where its first statement is sent, and is rolled back at its end, or, where
    `real_commits` is set, its database is a copy, made where it is first needed and removed at the end.
    """

    def __init__(self, running: Running, outage: Outage) -> None:
        self.running = running
        self.outage = outage
        self.real_commits = False
        self.role: str | None = None
        """The role as which the app's transactions run, if it is another than the run's own."""
        self.observe_sql: Callable[[str], None] | None = None
        self.lose: Callable[[str], None] = ignore
        self.limits = Limits()
        self.tell: Callable[[str], None] = ignore
        """Is told where each engine was led."""
        self.thread = threading.get_ident()
        self._is_in_scenario = False
        self._takes_new_engines = False
        self._databases: dict[str, RunDatabase] = {}
        self._led = WeakKeyDictionary[Dialect, RunDatabase]()
        # What an app's pool of asyncpg connects with, which it may do again in a test that uses no database.
        self._led_raw = set[tuple[str, ...]]()
        self._open = dict[Work, None]()

    # The run.

    @contextmanager
    def leading_to(self, url: URL, others: Mapping[str, URL] = MappingProxyType({})) -> Iterator[None]:
        """Lead engines to this database meanwhile, and those that name one of the others to that."""
        self._databases = {name: RunDatabase(url, self) for name, url in {"": url, **others}.items()}
        self._takes_new_engines = True
        _SANDBOXES.append(self)
        try:
            with creating_through(self._replace_creator), connecting_through(self._connect_raw):
                yield
        finally:
            _SANDBOXES.remove(self)
            self._databases = {}
            self._led.clear()
            self._led_raw.clear()

    def led(self, prepare: Prepare, others: Mapping[str, URL] = MappingProxyType({})) -> Prepare:
        """Return what prepares a database, with all engines led there meanwhile."""

        async def prepare_led(url: str) -> None:
            __tracebackhide__ = True
            with self.leading_to(make_url(url), others):
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
            for database in self._databases.values():
                database.forget_schema()

    async def close(self) -> None:
        """Close the connections that this process has to the databases."""
        for database in self._databases.values():
            await database.close()

    # A scenario.

    def begin(self, *, real_commits: bool, uses_database: bool = True) -> None:
        """A scenario, or another test, begins; engines that are new in a test that uses no database are its own."""
        self.real_commits = real_commits
        self._takes_new_engines = uses_database
        self._is_in_scenario = True
        self.thread = threading.get_ident()
        self._open.clear()
        self.limits.begin()
        for database in self._databases.values():
            database.begin()

    def roll_back(self) -> None:
        """Undo what the scenario did."""
        self._open.clear()
        for database in self._databases.values():
            database.roll_back()

    def leave(self) -> None:
        """The scenario is over, but for its copies of the databases."""
        self.roll_back()
        self._is_in_scenario = False

    @property
    def has_copies(self) -> bool:
        """Whether the scenario has copies of databases, which are to be removed."""
        return any(database.has_copy for database in self._databases.values())

    async def remove_copies(self) -> None:
        """Remove the copies that a scenario with real commits worked on."""
        for database in self._databases.values():
            await database.remove_copy()

    @asynccontextmanager
    async def scenario(self, url: URL) -> AsyncIterator[URL]:
        """Have a scenario meanwhile, also where no test of pytest began one, and yield where its database is."""
        async with AsyncExitStack() as stack:
            if not self._databases:
                check(url, "The engine's address")
                stack.enter_context(self.leading_to(url))
                stack.push_async_callback(self.close)
            before, self._is_in_scenario = self._is_in_scenario, True
            try:
                yield await self._named(url.database).target()
            finally:
                self.roll_back()
                await self.remove_copies()
                self._is_in_scenario = before

    @property
    def is_rolled_back(self) -> bool:
        """Whether there is a scenario, and its work is rolled back."""
        return self._is_in_scenario and not self.real_commits

    @property
    def is_real(self) -> bool:
        """Whether there is a scenario, and its commits are real."""
        return self._is_in_scenario and self.real_commits

    # Connections.

    def connection_for(self, dialect: Dialect, record: Any, arguments: dict[str, Any]) -> Any:
        """Return a connection of the driver's for an engine of PostgreSQL, or None if the engine is not led."""
        if not self._databases or dialect.name != "postgresql":
            return None
        if (database := self._led.get(dialect)) is None:
            if not self._takes_new_engines:
                return None
            database = self._led[dialect] = self._named(arguments.get("database") or arguments.get("dbname"))
            self._tell(dialect, arguments, database)
        if dialect.driver == "asyncpg":
            settings = {name: str(value) for name, value in (arguments.get("server_settings") or {}).items()}
            return dialect.connect(async_creator_fn=_Creator(self, database, settings), prepared_statement_cache_size=0)
        connection = dialect.connect(**self._elsewhere(dialect, database, arguments))
        if record is not None:
            record.info[_LED] = database.current
        return connection

    def _named(self, name: str | None) -> RunDatabase:
        return self._databases.get(name or "") or self._databases[""]

    def _tell(self, dialect: Dialect, arguments: Mapping[str, Any], database: RunDatabase) -> None:
        name = arguments.get("database") or arguments.get("dbname")
        if name in (database.url.database, database.current and database.current.database):
            return
        [own] = [name for name, it in self._databases.items() if it is database]
        where = f'"{name}" at {arguments.get("host") or "localhost"}'
        to = f'the run\'s database for "{own}"' if own else "the run's database"
        self.tell(f"The engine for {where} ({dialect.driver}) was led to {to}.")

    def check_out(self, connection: object, info: dict[Any, Any]) -> None:
        """Have a pool open another connection instead of one that leads elsewhere. Raises DisconnectionError."""
        if isinstance(connection, SandboxConnection):
            if connection.route.database not in self._databases.values():
                raise DisconnectionError("it led to the database of another run, or to what was prepared for this one")
            connection.route.configured()
            return
        # What the pool notes of one that is led is where it leads.
        is_current = info.get(_LED) in [database.current for database in self._databases.values()]
        is_of_postgresql = type(connection).__module__.partition(".")[0] in ("asyncpg", "psycopg", "psycopg2")
        if self._takes_new_engines and is_of_postgresql and (_LED not in info or not is_current):
            raise DisconnectionError("it was opened before the run had its database, or for another one")
        if _LED in info and not self.is_rolled_back:
            for database in self._databases.values():
                database.free_locks()

    def _replace_creator(self, creator: Any) -> Any:
        is_led = self._takes_new_engines and not isinstance(creator, _Creator)
        return _Creator(self, self._named(None), {}) if is_led else creator

    async def _connect_raw(self, connect: Connect, options: dict[str, Any]) -> Any:
        """Open a connection that the app makes through asyncpg alone."""
        base = options["connection_class"]
        known_by = tuple(str(options.get(name)) for name in ("dsn", "host", "port", "user", "database"))
        is_led = self._takes_new_engines or known_by in self._led_raw
        if not is_led or issubclass(base, address.OwnConnection):
            return await connect(**options)
        self._led_raw.add(known_by)
        database = self._named(options.get("database"))
        # A pool connects by itself when the copy is removed, which is no reason to make another one.
        url = database.url if database.is_over else await database.target()
        where, catalog = address.arguments_of(url), Catalog()

        def check_statement(sql: str) -> None:
            statement = read(sql)
            may_write = not self.is_rolled_back and not (self.is_real and database.is_over)
            if not may_write and (statement.leaves_rows or catalog.writes(statement)):
                raise self._cannot_take_part("a connection of asyncpg that no engine of SQLAlchemy made")

        connection = await connect(**elsewhere(options | {"connection_class": checked(base, check_statement)}, where))
        await catalog.ask(connection)
        database.note_raw(connection)
        return connection

    def _elsewhere(self, dialect: Dialect, database: RunDatabase, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of another driver, for the run's database."""
        if (url := database.current) is None:
            raise self.report(
                UsageError(
                    f"{self.running.name} connects by {dialect.driver} before there is a copy of the database, which "
                    "@real_commits makes: request the fixture `db_session`."
                )
            )
        _, where = dialect.create_connect_args(url.set(drivername=f"postgresql+{dialect.driver}"))
        kept = {name: value for name, value in arguments.items() if name not in _ADDRESS and not name.startswith("ssl")}
        return {**kept, **where}

    # What happens on them.

    def work(self, session: dict[str, str]) -> Work:
        """Return what stands for a transaction that begins now."""
        work = Work(self._name, SERVED.get() is not None, session)
        if work.is_of_app and self.role is not None:
            work.local["role"] = self.role
        return work

    @property
    def _name(self) -> str:
        return self.running.name if (served := SERVED.get()) is None else served.name

    def open_work(self) -> Work | None:
        """Return the transaction in which a step, or a fixture, wrote something that it has not committed."""
        return next((it for it in self._open if it.leaves_rows and not it.is_of_app and not it.is_failed), None)

    def note_begin(self, work: Work) -> None:
        """A transaction has begun."""
        self._open[work] = None

    def note_end(self, work: Work) -> None:
        """It has ended."""
        self._open.pop(work, None)

    def note(self, work: Work, sql: str, place: Place) -> None:
        """A statement is sent. Raises UsageError where nothing would undo what it writes."""
        if isinstance(place, SharedTransaction):
            self.limits.note(work, sql)
        elif self.is_rolled_back and read(sql).leaves_rows:
            raise self.in_another_thread()
        if self.observe_sql is not None and sql and self._is_in_scenario:
            self.observe_sql(sql)

    def note_error(self, error: BaseException, place: Place) -> None:
        """A statement fails."""
        is_shared = isinstance(place, SharedTransaction)
        is_cut = is_shared and place.physical is not None and place.physical.connection.is_closed()
        self.outage.note(error, is_cut=is_cut)

    def report(self, error: AccordError, is_raised: bool = True) -> AccordError:
        """Have the scenario fail with this error, whatever the app makes of it; returns it."""
        self.outage.report(error, is_raised=is_raised and SERVED.get() is None)
        return error

    def in_another_thread(self) -> AccordError:
        """Report, and return, the error that says that the scenario's transaction is in another thread."""
        return self.report(
            UsageError(
                f"{self._name} uses the database in another thread, as under TestClient or "
                "asyncio.to_thread, from where the scenario's transaction can't be reached: make the step `async def`, "
                "and send requests by httpx.AsyncClient with `isolation.transport(app)`, or tag it @real_commits."
            )
        )

    def _cannot_take_part(self, by: str) -> AccordError:
        return self.report(
            UsageError(
                f"{self._name} writes to the database by {by}, which can't take part in the "
                "scenario's transaction, as an engine on asyncpg does: tag the scenario @real_commits."
            )
        )

    def refuse_write(self, connection: Connection, statement: str) -> None:
        """Raise UsageError where another driver would write in a scenario, since nothing would undo that."""
        if self.is_rolled_back and connection.dialect in self._led and read(statement).leaves_rows:
            raise self._cannot_take_part(connection.dialect.driver)

    def let_only_read(self, connection: Connection) -> None:
        """Have PostgreSQL refuse what another driver would write in a scenario, as by a function."""
        if self.is_rolled_back and connection.dialect in self._led:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    def name_error(self, dialect: Dialect, error: BaseException | None) -> None:
        """Raise UsageError where PostgreSQL has refused it."""
        code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        if self.is_rolled_back and dialect in self._led and code == _READ_ONLY:
            raise self._cannot_take_part(dialect.driver)

    def note_engine(self, engine: Engine) -> None:
        """An engine of another driver has a connection."""
        if (database := self._led.get(engine.dialect)) is not None:
            database.note_engine(engine)


class _Creator:
    """Makes connections of the sandbox for an engine on asyncpg."""

    def __init__(self, sandbox: Sandbox, database: RunDatabase, settings: dict[str, str]) -> None:
        self._sandbox = sandbox
        self._database = database
        self._settings = settings

    async def __call__(self, *_arguments: object, **_options: object) -> SandboxConnection:
        route = Route(self._sandbox, self._database, self._settings)
        self._database.add(route)
        return SandboxConnection(route)


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


@event.listens_for(Engine, "begin")
def _let_only_read(connection: Connection) -> None:
    if connection.dialect.driver != "asyncpg":
        for sandbox in _SANDBOXES:
            sandbox.let_only_read(connection)


@event.listens_for(Engine, "handle_error")
def _name_error(context: ExceptionContext) -> None:
    if context.dialect.driver != "asyncpg":
        for sandbox in _SANDBOXES:
            sandbox.name_error(context.dialect, context.original_exception)


@event.listens_for(Engine, "engine_connect")
def _note_engine(connection: Connection) -> None:
    if connection.dialect.driver != "asyncpg":
        for sandbox in _SANDBOXES:
            sandbox.note_engine(connection.engine)


@event.listens_for(Pool, "checkout")
def _check_out(connection: Any, record: Any, _proxy: object) -> None:
    if _SANDBOXES:
        _SANDBOXES[-1].check_out(getattr(connection, "driver_connection", connection), record.info)
