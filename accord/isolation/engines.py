"""The engines of the process, which are led to the run's databases, and in a scenario onto its one connection.

That is done where every access of an app to its database passes, whatever its shape: at SQLAlchemy's event
`do_connect`, by which a pool of any engine opens a connection, whatever address it was made with and whenever.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Dialect, Engine, ExceptionContext, Pool, event
from sqlalchemy.exc import DisconnectionError

from accord.compat.asyncpg import Connect, connecting_through, elsewhere, watched
from accord.compat.sqlalchemy import creating_through
from accord.database import address
from accord.database.provision import ignore
from accord.errors import UsageError
from accord.isolation.catalog import Catalog
from accord.isolation.connection import SandboxConnection
from accord.isolation.route import Route
from accord.isolation.run_database import RunDatabase
from accord.isolation.scenario import Scenario
from accord.isolation.statements import read
from accord.isolation.unled import LEADING
from accord.isolation.watch import Watch

# What says in the arguments of a connection where it leads, and as whom.
_ADDRESS = frozenset(
    ["host", "hostaddr", "port", "user", "password", "dbname", "database", "service", "passfile", "dsn", "conninfo"]
)


# What a pool notes of a connection of another driver: to which database it leads.
_LED = "accord_led_to"
# What a connection is called that the app has opened by asyncpg alone.
_RAW = "a connection of asyncpg that no engine of SQLAlchemy made"
# PostgreSQL's code for a write in a transaction that only reads.
_READ_ONLY = "25006"


class Engines:
    """Those that are led: all, while there are databases to lead to, but for those of a test that uses none."""

    def __init__(self, scenario: Scenario, watch: Watch) -> None:
        self._scenario = scenario
        self._watch = watch
        self.tell: Callable[[str], None] = ignore
        """Takes the sentence that says where an engine was led."""
        self._databases: Mapping[str, RunDatabase] = {}
        self._led = WeakKeyDictionary[Dialect, RunDatabase]()
        # What an app's pool of asyncpg connects with, which it may do again in a test that uses no database.
        self._led_raw = set[tuple[str, ...]]()

    @contextmanager
    def led_to(self, databases: Mapping[str, RunDatabase]) -> Iterator[None]:
        """Lead engines meanwhile to the database of the name that theirs has, or to that without a name."""
        self._databases, self._scenario.uses_database = databases, True
        LEADING.append(self)
        try:
            with creating_through(self._replace_creator), connecting_through(self._connect_raw):
                yield
        finally:
            LEADING.remove(self)
            self._databases = {}
            self._led.clear()
            self._led_raw.clear()

    def connection_for(self, dialect: Dialect, record: Any, arguments: dict[str, Any]) -> Any:
        """Return a connection of the driver's for an engine of PostgreSQL, or None if the engine is not led."""
        if not self._databases or dialect.name != "postgresql":
            return None
        if (database := self._led.get(dialect)) is None:
            if not self._scenario.uses_database:
                return None
            database = self._led[dialect] = self._named(arguments.get("database") or arguments.get("dbname"))
            self._tell(dialect, arguments, database)
        if dialect.driver == "asyncpg":
            settings = {name: str(value) for name, value in (arguments.get("server_settings") or {}).items()}
            return dialect.connect(
                async_creator_fn=_Creator(self._watch, database, settings), prepared_statement_cache_size=0
            )
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
        if self._scenario.uses_database and is_of_postgresql and (_LED not in info or not is_current):
            raise DisconnectionError("it was opened before the run had its database, or for another one")

    def _replace_creator(self, creator: Any) -> Any:
        is_led = self._scenario.uses_database and not isinstance(creator, _Creator)
        return _Creator(self._watch, self._named(None), {}) if is_led else creator

    async def _connect_raw(self, connect: Connect, options: dict[str, Any]) -> Any:
        """Open a connection that the app makes through asyncpg alone."""
        known_by = tuple(str(options.get(name)) for name in ("dsn", "host", "port", "user", "database"))
        is_led = self._scenario.uses_database or known_by in self._led_raw
        if not is_led or issubclass(options["connection_class"], address.OwnConnection):
            return await connect(**options)
        self._led_raw.add(known_by)
        database = self._named(options.get("database"))
        while True:
            # A pool connects by itself when the copy is removed, which is no reason to make another one.
            url = database.url if database.copy.is_over else await database.target()
            with database.openings:
                connection = await self._opened(connect, options, database, url)
                if not database.has_left(url):
                    database.note_raw(connection, url)
                    return connection
                # It was begun before the scenario, which has a copy of its own.
                await connection.close()

    async def _opened(self, connect: Connect, options: dict[str, Any], database: RunDatabase, url: URL) -> Any:
        base, where, catalog = options["connection_class"], address.arguments_of(url), Catalog()

        @contextmanager
        def sending(sql: str) -> Iterator[None]:
            statement, scenario = read(sql), self._scenario
            if not scenario.is_rolled_back:
                database.release_locks_now()
            is_original = scenario.is_real and url != database.current
            if (is_original or scenario.is_rolled_back) and (statement.leaves_rows or catalog.writes(statement)):
                raise self._watch.not_on_the_copy(_RAW) if is_original else self._watch.cannot_take_part(_RAW)
            # The catalog is asked by the connection itself.
            if scenario.is_rolled_back and not catalog.is_stale:
                self._watch.limits.note_apart(_RAW, sql)
            with database.uses:
                yield

        connection = await connect(**elsewhere(options | {"connection_class": watched(base, sending)}, where))
        try:
            await catalog.ask(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    def _elsewhere(self, dialect: Dialect, database: RunDatabase, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of another driver, for the run's database."""
        if (url := database.current) is None:
            raise self._watch.report(
                UsageError(
                    f"{self._watch.name} connects by {dialect.driver} before there is a copy of the database, which "
                    "@real_commits makes: request the fixture `db_session`."
                )
            )
        _, where = dialect.create_connect_args(url.set(drivername=f"postgresql+{dialect.driver}"))
        kept = {name: value for name, value in arguments.items() if name not in _ADDRESS and not name.startswith("ssl")}
        return {**kept, **where}

    def check_statement(self, connection: Connection, statement: str) -> None:
        """Raise UsageError where another driver would write in a scenario, since nothing would undo that."""
        if (database := self._led.get(connection.dialect)) is None:
            return
        if not self._scenario.is_rolled_back:
            database.release_locks_now()
        elif read(statement).leaves_rows:
            raise self._watch.cannot_take_part(connection.dialect.driver)
        else:
            self._watch.limits.note_apart(connection.dialect.driver, statement)

    def let_only_read(self, connection: Connection) -> None:
        """Have PostgreSQL refuse what another driver would write in a scenario, as by a function."""
        if self._scenario.is_rolled_back and connection.dialect in self._led:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    def name_error(self, dialect: Dialect, error: BaseException | None) -> None:
        """Raise UsageError where PostgreSQL has refused it."""
        code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        if self._scenario.is_rolled_back and dialect in self._led and code == _READ_ONLY:
            raise self._watch.cannot_take_part(dialect.driver)

    def note_engine(self, engine: Engine) -> None:
        """An engine of another driver has a connection."""
        if (database := self._led.get(engine.dialect)) is not None:
            database.note_engine(engine)


class _Creator:
    """Makes connections of the sandbox for an engine on asyncpg."""

    def __init__(self, watch: Watch, database: RunDatabase, settings: dict[str, str]) -> None:
        self._watch = watch
        self._database = database
        self._settings = settings

    async def __call__(self, *_arguments: object, **_options: object) -> SandboxConnection:
        route = Route(self._watch, self._database, self._settings)
        self._database.add(route)
        return SandboxConnection(route)


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, record: Any, _arguments: object, parameters: dict[str, Any]) -> Any:
    for engines in reversed(LEADING):
        if (connection := engines.connection_for(dialect, record, parameters)) is not None:
            return connection
    return None


@event.listens_for(Engine, "before_cursor_execute")
def _check_statement(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
    if connection.dialect.driver != "asyncpg":
        for engines in LEADING:
            engines.check_statement(connection, statement)


@event.listens_for(Engine, "begin")
def _let_only_read(connection: Connection) -> None:
    if connection.dialect.driver != "asyncpg":
        for engines in LEADING:
            engines.let_only_read(connection)


@event.listens_for(Engine, "handle_error")
def _name_error(context: ExceptionContext) -> None:
    if context.dialect.driver != "asyncpg":
        for engines in LEADING:
            engines.name_error(context.dialect, context.original_exception)


@event.listens_for(Engine, "engine_connect")
def _note_engine(connection: Connection) -> None:
    if connection.dialect.driver != "asyncpg":
        for engines in LEADING:
            engines.note_engine(connection.engine)


@event.listens_for(Pool, "checkout")
def _check_out(connection: Any, record: Any, _proxy: object) -> None:
    if LEADING:
        LEADING[-1].check_out(getattr(connection, "driver_connection", connection), record.info)
