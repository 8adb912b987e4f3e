"""What an engine of the app gets for a connection of asyncpg: it has its methods, and leads into the sandbox."""

from collections.abc import AsyncIterator, Generator, Iterable
from typing import Any

from accord.isolation.physical import PhysicalConnection
from accord.isolation.route import Route, Transaction
from accord.isolation.statements import read, split


class SandboxConnection:
    """A connection of asyncpg, as far as an app can see: the methods are asyncpg.Connection's, and do the same."""

    def __init__(self, route: Route) -> None:
        self.route = route
        """Where it leads."""
        self._is_closed = False

    def is_closed(self) -> bool:
        """Whether it is closed, or was cut."""
        own = self.route.own
        return self._is_closed or (own is not None and own.physical.connection.is_closed())

    async def close(self, **_options: Any) -> None:
        """Close it; what its transaction did is undone."""
        self._is_closed = True
        await self.route.close()

    def terminate(self) -> None:
        """Close it without waiting for the server."""
        self._is_closed = True
        self.route.terminate()

    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False, deferrable: bool = False
    ) -> "Transaction | Savepoint":
        """Return what begins and ends a transaction, or a savepoint within the one that is open."""
        if self.route.open is not None:
            return Savepoint(self.route)
        return self.route.transaction(isolation=isolation, readonly=readonly, deferrable=deferrable)

    async def prepare(self, query: str, *, name: str | None = None, **_options: Any) -> "PreparedStatement":
        """Prepare a statement."""
        return PreparedStatement(self.route, *await self.route.prepare(query))

    async def execute(self, query: str, *args: Any, **options: Any) -> str:
        """Carry out a statement, or several."""
        statement = read(query)
        if statement.is_script and statement.boundary and self.route.database.transaction() is not None:
            for part in split(query):
                status = await self.execute(part, **options)
            return status
        return await self.route.run(query, lambda it: it.connection.execute(query, *args, **options), args)

    async def executemany(self, command: str, args: Iterable[Any], **options: Any) -> None:
        """Carry out a statement for each of the arguments."""
        rows = list(args)
        await self.route.run(command, lambda it: it.connection.executemany(command, rows, **options))

    async def fetch(self, query: str, *args: Any, **options: Any) -> list[Any]:
        """Carry out a statement, and return its rows."""
        return await self.route.run(query, lambda it: it.connection.fetch(query, *args, **options), args)

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        """Carry out a statement, and return its first row."""
        # An engine with `pool_pre_ping` sends this, for which nothing need begin.
        if query == ";":
            return None
        return await self.route.run(query, lambda it: it.connection.fetchrow(query, *args, **options), args)

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        """Carry out a statement, and return a value of its first row."""
        return await self.route.run(query, lambda it: it.connection.fetchval(query, *args, **options), args)

    async def fetchmany(self, query: str, args: Iterable[Any], **options: Any) -> list[Any]:
        """Carry out a statement for each of the arguments, and return its rows."""
        return await self.route.run(query, lambda it: it.connection.fetchmany(query, args, **options))

    def cursor(self, query: str, *args: Any, **options: Any) -> "Cursor":
        """Return what reads the rows of a statement bit by bit."""
        return Cursor(self.route, query, args, options)

    async def set_type_codec(self, typename: str, *, schema: str = "public", **codec: Any) -> None:
        """Have values of a type read and written by functions. Raises ValueError where there is no such type."""
        if schema != "pg_catalog":
            # Others are there, and need not be looked for before there is something to send.
            await self.route.run("", lambda it: it.connection.set_type_codec(typename, schema=schema, **codec))
        self.route.codecs[schema, typename] = codec

    async def reload_schema_state(self) -> None:
        """Have types looked up anew."""
        if self.route.own is not None:
            self.route.own.physical.forget_schema()

    def is_in_transaction(self) -> bool:
        """Whether a transaction has begun and not ended."""
        return self.route.open is not None

    def __getattr__(self, name: str) -> Any:
        """Return what else a connection of asyncpg has, as `copy_records_to_table`."""
        if name.startswith("copy_") or name in ("add_listener", "remove_listener"):
            words = "COPY" if "_to_" in name else "SELECT"
            return lambda *args, **options: self.route.run(
                words, lambda it: getattr(it.connection, name)(*args, **options)
            )
        shared = self.route.database.transaction()
        physical = shared.connection.physical if shared is not None else self.route.own and self.route.own.physical
        if not name.startswith(("get_", "add_", "remove_")) or not physical:
            raise AttributeError(f"{name} (of a connection that leads into Accord's sandbox)")
        return getattr(physical.connection, name)


class Savepoint:
    """A transaction of asyncpg within another one."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._name = f"accord_inner_{id(self)}"

    async def start(self) -> None:
        """Begin it."""
        await self._execute(f"SAVEPOINT {self._name}")

    async def commit(self) -> None:
        """Leave what it did to what is around it."""
        await self._execute(f"RELEASE SAVEPOINT {self._name}")

    async def rollback(self) -> None:
        """Undo what it did."""
        await self._execute(f"ROLLBACK TO SAVEPOINT {self._name}")

    async def _execute(self, sql: str) -> None:
        await self._route.run(sql, lambda it: it.connection.execute(sql))

    async def __aenter__(self) -> None:
        """Begin it."""
        await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End it, and undo what it did if there was an error."""
        await (self.commit() if kind is None else self.rollback())


class PreparedStatement:
    """A prepared statement of asyncpg (asyncpg.prepared_stmt.PreparedStatement)."""

    def __init__(self, route: Route, sql: str, prepared: Any) -> None:
        self._route = route
        self._sql = sql
        self._prepared = _Nothing() if prepared is None else prepared

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
        rows = list(args)
        await self._route.run(self._sql, lambda it: it.connection.executemany(self._sql, rows, **options))

    def cursor(self, *args: Any, **options: Any) -> "Cursor":
        """Return what reads its rows bit by bit."""
        return Cursor(self._route, self._sql, args, options)

    async def _run(self, method: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        async def carry_out(physical: PhysicalConnection) -> Any:
            # The schema may have changed since.
            self._prepared = await physical.prepared(self._sql)
            return await getattr(self._prepared, method)(*args, **options)

        return await self._route.run(self._sql, carry_out, args)


class _Nothing:
    """What the server would say of a statement that is not sent."""

    def get_attributes(self) -> tuple[()]:
        return ()

    def get_statusmsg(self) -> str:
        return ""


class Cursor:
    """A cursor of asyncpg, be it awaited or iterated over (asyncpg.cursor.CursorFactory)."""

    _MOST = 50

    def __init__(self, route: Route, sql: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self._route = route
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
        self._cursor = await self._route.run(f"DECLARE CURSOR FOR {self._sql}", open_it, self._args)
        return self

    async def fetch(self, n: int, **options: Any) -> list[Any]:
        """Return the next rows."""
        return await self._route.run("", lambda _: self._cursor.fetch(n, **options))

    async def fetchrow(self, **options: Any) -> Any:
        """Return the next row."""
        return await self._route.run("", lambda _: self._cursor.fetchrow(**options))

    async def forward(self, n: int, **options: Any) -> int:
        """Skip some rows."""
        return await self._route.run("", lambda _: self._cursor.forward(n, **options))
