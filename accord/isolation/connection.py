"""What an engine of the app gets for a connection of asyncpg: it has its methods, and leads into the sandbox.

Whether it is on the scenario's one connection or has one of its own is decided where a transaction begins, so that a
pool may keep it for as long as it likes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar, cast

import asyncpg

from accord.isolation.own_connection import OwnConnection
from accord.isolation.physical import PhysicalConnection
from accord.isolation.shared_transaction import SharedTransaction
from accord.isolation.statements import Statement, level, read, split
from accord.isolation.work import Work

T = TypeVar("T")
Place = OwnConnection | SharedTransaction


class Database(Protocol):
    """Where connections of the sandbox lead."""

    def transaction(self) -> SharedTransaction | None:
        """Return the scenario's transaction, or None where each connection is one of its own now."""

    async def own(self, known: OwnConnection | None, settings: Mapping[str, str]) -> OwnConnection:
        """Return a connection of its own to where the database now is: the known one, or a new one."""


class Sandbox(Protocol):
    """What is told of all that happens on connections."""

    def work(self, session: dict[str, str]) -> Work:
        """Return what stands for a transaction that begins now."""

    def note_begin(self, work: Work) -> None:
        """A transaction has begun."""

    def note_end(self, work: Work) -> None:
        """It has ended."""

    def note(self, work: Work, sql: str, place: Place) -> None:
        """A statement is sent. Raises UsageError where nothing would undo what it writes."""

    def note_error(self, error: BaseException, place: Place) -> None:
        """A statement fails."""


class SandboxConnection:
    """A connection of asyncpg, as far as an app can see; its methods do what those of asyncpg.Connection do."""

    def __init__(self, sandbox: Sandbox, database: Database, settings: Mapping[str, str]) -> None:
        self._sandbox = sandbox
        self.database = database
        """Where it leads."""
        self._at_first: dict[str, str] | None = None
        self.session = dict(settings)
        """The settings of PostgreSQL that this connection has beside the usual."""
        self._codecs: dict[tuple[str, str], dict[str, Any]] = {}
        self._own: OwnConnection | None = None
        self.open: Transaction | None = None
        """The transaction that has begun and not ended."""
        self._is_closed = False

    # Its life.

    def configured(self) -> None:
        """It is given out: what the project sets for each new connection is set by now."""
        if self._at_first is None:
            self._at_first = dict(self.session)

    def begin(self) -> None:
        """A scenario begins, to which the last one leaves no settings."""
        if self._at_first is not None:
            self.session.clear()
            self.session.update(self._at_first)

    def is_closed(self) -> bool:
        """Whether it is closed, or was cut."""
        return self._is_closed or (self._own is not None and self._own.physical.connection.is_closed())

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Close it; what its transaction did is undone."""
        self._is_closed = True
        if (transaction := self.open) is not None:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
                await transaction.rollback()
        await self.close_own()

    def terminate(self) -> None:
        """Close it without waiting for the server."""
        self._is_closed = True
        if (transaction := self.open) is not None:
            transaction.abandon()
        if self._own is not None:
            self._own.physical.connection.terminate()
            self._own = None

    async def close_own(self) -> None:
        """Close the connection that it has for itself, unless a transaction is open there."""
        if self._own is not None and (self.open is None or self.open.place is not self._own):
            own, self._own = self._own, None
            await own.close()

    # Statements.

    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False, deferrable: bool = False
    ) -> "Transaction | Savepoint":
        """Return what begins and ends a transaction, or a savepoint within the one that is open."""
        if self.open is not None:
            return Savepoint(self)
        return Transaction(self, self._sandbox, isolation=isolation, readonly=readonly, deferrable=deferrable)

    async def prepare(self, query: str, *, name: str | None = None, **_options: Any) -> "PreparedStatement":
        """Prepare a statement."""
        statement = read(query)
        work, place = await self._place()
        if isinstance(place, SharedTransaction):
            if _is_done_here(statement):
                return PreparedStatement(self, query, _Nothing())
            if statement.shows_level and work.isolation:
                # A savepoint can't have one of its own.
                query = f"SELECT '{work.isolation}' AS transaction_isolation"
                statement = read(query)
        return PreparedStatement(self, query, await self._ended(work, place, place.prepare(work, query, statement)))

    async def execute(self, query: str, *args: Any, **options: Any) -> str:
        """Carry out a statement, or several."""
        statement = read(query)
        if statement.is_script and statement.boundary and self.database.transaction() is not None:
            for part in split(query):
                status = await self.execute(part, **options)
            return status
        return await self.run(query, lambda it: it.connection.execute(query, *args, **options), args)

    async def executemany(self, command: str, args: Iterable[Any], **options: Any) -> None:
        """Carry out a statement for each of the arguments."""
        rows = list(args)
        await self.run(command, lambda it: it.connection.executemany(command, rows, **options))

    async def fetch(self, query: str, *args: Any, **options: Any) -> list[Any]:
        """Carry out a statement, and return its rows."""
        return await self.run(query, lambda it: it.connection.fetch(query, *args, **options), args)

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        """Carry out a statement, and return its first row."""
        # An engine with `pool_pre_ping` sends this, for which nothing need begin.
        if query == ";":
            return None
        return await self.run(query, lambda it: it.connection.fetchrow(query, *args, **options), args)

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        """Carry out a statement, and return a value of its first row."""
        return await self.run(query, lambda it: it.connection.fetchval(query, *args, **options), args)

    async def fetchmany(self, query: str, args: Iterable[Any], **options: Any) -> list[Any]:
        """Carry out a statement for each of the arguments, and return its rows."""
        return await self.run(query, lambda it: it.connection.fetchmany(query, args, **options))

    def cursor(self, query: str, *args: Any, **options: Any) -> "Cursor":
        """Return what reads the rows of a statement bit by bit."""
        return Cursor(self, query, args, options)

    async def set_type_codec(self, typename: str, *, schema: str = "public", **codec: Any) -> None:
        """Have values of a type read and written by functions. Raises ValueError where there is no such type."""
        if schema != "pg_catalog":
            # Others are there, and need not be looked for before there is something to send.
            await self.run("", lambda it: it.connection.set_type_codec(typename, schema=schema, **codec))
        self._codecs[schema, typename] = codec

    async def reload_schema_state(self) -> None:
        """Have types looked up anew."""
        if self._own is not None:
            self._own.physical.forget_schema()

    def is_in_transaction(self) -> bool:
        """Whether a transaction has begun and not ended."""
        return self.open is not None

    def __getattr__(self, name: str) -> Any:
        """Return what else a connection of asyncpg has, as `copy_records_to_table`."""
        if name.startswith("copy_") or name in ("add_listener", "remove_listener"):
            words = "COPY" if "_to_" in name else "SELECT"
            return lambda *args, **options: self.run(words, lambda it: getattr(it.connection, name)(*args, **options))
        shared = self.database.transaction()
        physical = shared.physical if shared is not None else self._own and self._own.physical
        if not name.startswith(("get_", "add_", "remove_")) or not physical:
            raise AttributeError(f"{name} (of a connection that leads into Accord's sandbox)")
        return getattr(physical.connection, name)

    # Where they are carried out.

    async def run(
        self,
        sql: str,
        call: Callable[[PhysicalConnection], Awaitable[T]],
        arguments: tuple[object, ...] = (),
    ) -> T:
        """Carry out a statement in the open transaction, or in one of its own."""
        statement = read(sql)
        work, place = await self._place()
        self._sandbox.note(work, sql, place)
        if isinstance(place, SharedTransaction) and _is_done_here(statement):
            await self._do_here(work, statement)
            return cast(T, [])
        if isinstance(place, SharedTransaction) and self.open is None and statement.savepoint is not None:
            # It would be one within the scenario's transaction.
            raise asyncpg.NoActiveSQLTransactionError("savepoints can only be used in transaction blocks")
        return await self._ended(work, place, place.run(work, statement, call, arguments))

    async def _place(self) -> tuple[Work, Place]:
        if (transaction := self.open) is not None:
            work, place = transaction.work, transaction.place
        else:
            work, place = self.work(), await self.place()
        return work, place

    def work(self) -> Work:
        """Return what stands for a transaction that begins now."""
        work = self._sandbox.work(self.session)
        work.codecs = self._codecs
        return work

    async def place(self) -> Place:
        """Return where a transaction that begins now is."""
        if (shared := self.database.transaction()) is not None:
            return shared
        self._own = own = await self.database.own(self._own, self.session)
        await own.physical.use_codecs(self._codecs)
        return own

    async def _ended(self, work: Work, place: Place, result: Awaitable[T]) -> T:
        """Await something, and end the transaction that was begun for it, if none is open."""
        if self.open is not None or isinstance(place, OwnConnection):
            return await self._watched(place, result)
        try:
            awaited = await self._watched(place, result)
        except BaseException:
            place.abandon(work)
            raise
        await place.commit(work)
        return awaited

    async def _watched(self, place: Place, result: Awaitable[T]) -> T:
        try:
            return await result
        except (Exception, asyncio.CancelledError) as error:
            self._sandbox.note_error(error, place)
            raise

    async def _do_here(self, work: Work, statement: Statement) -> None:
        """Begin or end the transaction, or set its modes, as a statement of the app's own says."""
        if statement.modes is not None:
            work.readonly |= "READ ONLY" in statement.modes
            work.isolation = level(statement.modes) or work.isolation
        elif statement.boundary == "BEGIN":
            if self.open is None:
                await Transaction(self, self._sandbox).start()
        elif (transaction := self.open) is not None:
            # Without SQLAlchemy's knowledge: each statement that follows commits by itself, as in production.
            await (transaction.commit() if statement.boundary == "COMMIT" else transaction.rollback())


def _is_done_here(statement: Statement) -> bool:
    return statement.modes is not None or (statement.boundary is not None and not statement.is_script)


class Transaction:
    """A transaction of asyncpg (asyncpg.transaction.Transaction)."""

    work: Work
    place: Place

    def __init__(self, connection: SandboxConnection, sandbox: Sandbox, **options: Any) -> None:
        self._connection = connection
        self._sandbox = sandbox
        self._options = options

    async def start(self) -> None:
        """Begin it."""
        connection = self._connection
        self.work, self.place = connection.work(), await connection.place()
        self.work.readonly = self._options.get("readonly", False)
        self.work.isolation = (self._options.get("isolation") or "").replace("_", " ") or None
        if isinstance(self.place, OwnConnection):
            await self.place.begin(self.work, **self._options)
        connection.open = self
        self._sandbox.note_begin(self.work)

    async def commit(self) -> None:
        """End what is open; others see what it did. Raises what PostgreSQL raises."""
        if (it := self._over()) is not None:
            await it.place.commit(it.work)

    async def rollback(self) -> None:
        """End what is open, and undo what it did. Raises UsageError where another's work would be undone with it."""
        if (it := self._over()) is not None:
            await it.place.rollback(it.work)

    def abandon(self) -> None:
        """Have it undone without waiting for the server."""
        if (it := self._over()) is not None:
            it.place.abandon(it.work)

    def _over(self) -> "Transaction | None":
        """Return what is open on the connection: a statement may have ended this one, and begun another."""
        it, self._connection.open = self._connection.open, None
        if it is not None:
            self._sandbox.note_end(it.work)
        return it

    async def __aenter__(self) -> None:
        """Begin it."""
        await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End it, and undo what it did if there was an error."""
        await (self.commit() if kind is None else self.rollback())


class Savepoint:
    """A transaction of asyncpg within another one."""

    def __init__(self, connection: SandboxConnection) -> None:
        self._connection = connection
        self._name = f"accord_inner_{id(self)}"

    async def start(self) -> None:
        """Begin it."""
        await self._connection.execute(f"SAVEPOINT {self._name}")

    async def commit(self) -> None:
        """Leave what it did to what is around it."""
        await self._connection.execute(f"RELEASE SAVEPOINT {self._name}")

    async def rollback(self) -> None:
        """Undo what it did."""
        await self._connection.execute(f"ROLLBACK TO SAVEPOINT {self._name}")

    async def __aenter__(self) -> None:
        """Begin it."""
        await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End it, and undo what it did if there was an error."""
        await (self.commit() if kind is None else self.rollback())


class PreparedStatement:
    """A prepared statement of asyncpg (asyncpg.prepared_stmt.PreparedStatement)."""

    def __init__(self, connection: SandboxConnection, sql: str, prepared: Any) -> None:
        self._connection = connection
        self._sql = sql
        self._prepared = prepared

    def __getattr__(self, name: str) -> Any:
        """Return what the server says of it, as `get_attributes` and `get_statusmsg`."""
        return getattr(self._prepared, name)

    async def fetch(self, *args: Any, **options: Any) -> list[Any]:
        """Carry it out, and return its rows."""
        rows: list[Any] = await self._run("fetch", args, options)
        return rows

    async def fetchrow(self, *args: Any, **options: Any) -> Any:
        """Carry it out, and return its first row."""
        return await self._run("fetchrow", args, options)

    async def fetchval(self, *args: Any, **options: Any) -> Any:
        """Carry it out, and return a value of its first row."""
        return await self._run("fetchval", args, options)

    async def executemany(self, args: Iterable[Any], **options: Any) -> None:
        """Carry it out for each of the arguments."""
        await self._connection.executemany(self._sql, args, **options)

    def cursor(self, *args: Any, **options: Any) -> "Cursor":
        """Return what reads its rows bit by bit."""
        return Cursor(self._connection, self._sql, args, options)

    async def _run(self, method: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        async def carry_out(physical: PhysicalConnection) -> Any:
            # The schema may have changed since.
            self._prepared = await physical.prepared(self._sql)
            return await getattr(self._prepared, method)(*args, **options)

        return await self._connection.run(self._sql, carry_out, args)


class _Nothing:
    """What the server would say of a statement that is not sent."""

    def get_attributes(self) -> tuple[()]:
        return ()

    def get_statusmsg(self) -> str:
        return ""


class Cursor:
    """A cursor of asyncpg, be it awaited or iterated over (asyncpg.cursor.CursorFactory)."""

    _MOST = 50

    def __init__(self, connection: SandboxConnection, sql: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self._connection = connection
        self._sql = sql
        self._args = args
        self._options = options
        self._cursor: Any = None

    def __await__(self) -> Generator[Any, None, "Cursor"]:
        """Open it."""
        return self._opened().__await__()

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Yield the rows."""
        await self._opened()
        while rows := await self.fetch(self._options.get("prefetch") or self._MOST):
            for row in rows:
                yield row

    async def _opened(self) -> "Cursor":
        async def open_it(physical: PhysicalConnection) -> Any:
            return await (await physical.prepared(self._sql)).cursor(*self._args)

        # Others wait for its end: PostgreSQL closes a cursor with what is rolled back around it.
        self._cursor = await self._connection.run(f"DECLARE CURSOR FOR {self._sql}", open_it, self._args)
        return self

    async def fetch(self, n: int, **options: Any) -> list[Any]:
        """Return the next rows."""
        return await self._connection.run("", lambda _: self._cursor.fetch(n, **options))

    async def fetchrow(self, **options: Any) -> Any:
        """Return the next row."""
        return await self._connection.run("", lambda _: self._cursor.fetchrow(**options))

    async def forward(self, n: int, **options: Any) -> int:
        """Skip some rows."""
        return await self._connection.run("", lambda _: self._cursor.forward(n, **options))
