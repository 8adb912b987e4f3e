"""Where the statements of an engine's connection go: onto the scenario's one connection, or to one of its own.

That is decided where a transaction begins, so that a pool may keep what it has got for as long as it likes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar, cast

import asyncpg

from accord.isolation.own_connection import OwnConnection
from accord.isolation.physical import PhysicalConnection
from accord.isolation.shared_transaction import SharedTransaction
from accord.isolation.statements import Statement, level, read
from accord.isolation.work import Work

T = TypeVar("T")
Place = OwnConnection | SharedTransaction


class Database(Protocol):
    """Where connections of the sandbox lead."""

    def transaction(self) -> SharedTransaction | None:
        """Return the scenario's transaction, or None where each connection is one of its own now."""

    async def release_locks(self) -> None:
        """Roll back what the last scenario did, for whose locks a connection of its own would wait."""

    async def own(self, known: OwnConnection | None, settings: Mapping[str, str]) -> OwnConnection:
        """Return a connection of its own to where the database now is: the known one, or a new one."""


class Observer(Protocol):
    """What sees all that happens on connections."""

    def work(self, session: dict[str, str]) -> Work:
        """Return what stands for a transaction that begins now."""

    def note_begin(self, work: Work) -> None:
        """A transaction has begun."""

    def note_rollback(self, work: Work) -> None:
        """It was rolled back, after `note_end`."""

    def note_end(self, work: Work) -> None:
        """It has ended."""

    def note(self, work: Work, sql: str, place: Place) -> None:
        """A statement is sent. Raises UsageError where nothing would undo what it writes."""

    def note_error(self, error: BaseException, place: Place) -> None:
        """A statement fails."""


class Route:
    """The way of one connection, and the transaction that is open on it."""

    def __init__(self, observer: Observer, database: Database, settings: Mapping[str, str]) -> None:
        self._observer = observer
        self.database = database
        """Where it leads."""
        self.session = dict(settings)
        """The settings of PostgreSQL that the connection has beside the usual."""
        self._at_first: dict[str, str] | None = None
        self.codecs: dict[tuple[str, str], dict[str, Any]] = {}
        """By which functions the values of types are read and written: schema and name of each."""
        self.own: OwnConnection | None = None
        """The connection that it has for itself, if it has had one."""
        self.open: Transaction | None = None
        """The transaction that has begun and not ended."""

    def configured(self) -> None:
        """It is given out: what the project sets for each new connection is set by now."""
        if self._at_first is None:
            self._at_first = dict(self.session)

    def begin(self) -> None:
        """A scenario begins, to which the last one leaves no settings."""
        if self._at_first is not None:
            self.session.clear()
            self.session.update(self._at_first)

    async def close(self) -> None:
        """Close it; what its transaction did is undone."""
        if (transaction := self.open) is not None:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
                await transaction.rollback()
        await self.close_own()

    def terminate(self) -> None:
        """Close it without waiting for the server."""
        if (transaction := self.open) is not None:
            transaction.abandon()
        if self.own is not None:
            self.own.physical.connection.terminate()
            self.own = None

    async def close_own(self) -> None:
        """Close the connection that it has for itself, unless it is in use."""
        if self.own is not None and self.own.is_idle:
            own, self.own = self.own, None
            await own.close()

    def transaction(self, **options: Any) -> "Transaction":
        """Return what begins and ends a transaction, with asyncpg's own options."""
        return Transaction(self, self._observer, options)

    async def prepare(self, sql: str) -> tuple[str, Any]:
        """Return a statement as it is carried out, and as the server has prepared it; None if it is not sent there."""
        statement = read(sql)
        work, place = await self._current()
        if isinstance(place, SharedTransaction):
            if _is_done_here(statement):
                return sql, None
            if statement.shows_level and work.isolation:
                # A savepoint can't have one of its own.
                sql = f"SELECT '{work.isolation}' AS transaction_isolation"
                statement = read(sql)
        return sql, await self._ended(work, place, place.prepare(work, sql, statement))

    async def run(
        self,
        sql: str,
        call: Callable[[PhysicalConnection], Awaitable[T]],
        arguments: tuple[object, ...] = (),
    ) -> T:
        """Carry out a statement in the open transaction, or in one of its own."""
        statement = read(sql)
        work, place = await self._current()
        self._observer.note(work, sql, place)
        if isinstance(place, SharedTransaction) and _is_done_here(statement):
            await self._do_here(work, statement)
            return cast(T, [])
        if isinstance(place, SharedTransaction) and self.open is None and statement.savepoint is not None:
            # It would be one within the scenario's transaction.
            raise asyncpg.NoActiveSQLTransactionError("savepoints can only be used in transaction blocks")
        return await self._ended(work, place, place.run(work, statement, call, arguments))

    async def _current(self) -> tuple[Work, Place]:
        if (transaction := self.open) is None:
            return await self.new()
        if isinstance(transaction.place, OwnConnection):
            await self.database.release_locks()
        return transaction.work, transaction.place

    async def new(self) -> tuple[Work, Place]:
        """Return what stands for a transaction that begins now, and where it is."""
        work = self._observer.work(self.session)
        work.codecs = self.codecs
        if (shared := self.database.transaction()) is not None:
            return work, shared
        self.own = own = await self.database.own(self.own, self.session)
        with own.uses:
            await own.physical.use_codecs(self.codecs)
        return work, own

    async def _ended(self, work: Work, place: Place, result: Awaitable[T]) -> T:
        """Await something, and end the transaction that was begun for it, if none is open."""
        is_alone = self.open is None and isinstance(place, SharedTransaction)
        try:
            awaited = await result
        except BaseException as error:
            if isinstance(error, (Exception, asyncio.CancelledError)):
                self._observer.note_error(error, place)
            if is_alone:
                place.abandon(work)
            raise
        if is_alone:
            await place.commit(work)
        return awaited

    async def _do_here(self, work: Work, statement: Statement) -> None:
        """Begin or end the transaction, or set its modes, as a statement of the app's own says."""
        if statement.modes is not None:
            work.readonly |= "READ ONLY" in statement.modes
            work.isolation = level(statement.modes) or work.isolation
        elif statement.boundary == "BEGIN":
            if self.open is None:
                await self.transaction().start()
        elif (transaction := self.open) is not None:
            # Without SQLAlchemy's knowledge: each statement that follows commits by itself, as in production.
            await (transaction.commit() if statement.boundary == "COMMIT" else transaction.rollback())


def _is_done_here(statement: Statement) -> bool:
    return statement.modes is not None or (statement.boundary is not None and not statement.is_script)


class Transaction:
    """A transaction of asyncpg (asyncpg.transaction.Transaction)."""

    work: Work
    place: Place

    def __init__(self, route: Route, observer: Observer, options: dict[str, Any]) -> None:
        self._route = route
        self._observer = observer
        self._options = options

    async def start(self) -> None:
        """Begin it."""
        self.work, self.place = await self._route.new()
        self.work.readonly = self._options.get("readonly", False)
        self.work.isolation = (self._options.get("isolation") or "").replace("_", " ") or None
        if isinstance(self.place, OwnConnection):
            await self.place.begin(self.work, **self._options)
        self._route.open = self
        self._observer.note_begin(self.work)

    async def commit(self) -> None:
        """End what is open; others see what it did. Raises what PostgreSQL raises."""
        if (it := self._over()) is not None:
            await it.place.commit(it.work)

    async def rollback(self) -> None:
        """End what is open, and undo what it did."""
        if (it := self._over()) is not None:
            self._observer.note_rollback(it.work)
            await it.place.rollback(it.work)

    def abandon(self) -> None:
        """Have it undone without waiting for the server."""
        if (it := self._over()) is not None:
            self._observer.note_rollback(it.work)
            it.place.abandon(it.work)

    def _over(self) -> "Transaction | None":
        """Return what is open on the connection: a statement may have ended this one, and begun another."""
        it, self._route.open = self._route.open, None
        if it is not None:
            self._observer.note_end(it.work)
        return it

    async def __aenter__(self) -> None:
        """Begin it."""
        await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End it, and undo what it did if there was an error."""
        await (self.commit() if kind is None else self.rollback())
