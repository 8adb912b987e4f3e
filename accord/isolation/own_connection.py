"""A connection of an engine's own, as in production: outside of scenarios, and under @real_commits."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from accord.compat.asyncpg import close
from accord.isolation.physical import PhysicalConnection
from accord.isolation.statements import Statement, settings_of
from accord.isolation.under_way import UnderWay
from accord.isolation.work import Work

T = TypeVar("T")


class OwnConnection:
    """Where its transactions are PostgreSQL's own."""

    def __init__(self, physical: PhysicalConnection, target: object, note_schema_change: Callable[[], None]) -> None:
        self.physical = physical
        self.target = target
        """The database to which it leads, and the event loop on which it was opened."""
        self._note_schema_change = note_schema_change
        self._transaction: Any = None
        self.uses = UnderWay()
        """The statements that are sent on it."""
        self._is_closing = False

    @property
    def is_idle(self) -> bool:
        """Whether no transaction is open there, and no statement under way."""
        return not self.is_open or (self._transaction is None and not self.uses)

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return not self._is_closing and not self.physical.connection.is_closed()

    async def begin(self, work: Work, **options: Any) -> None:
        """Begin a transaction."""
        transaction = self.physical.connection.transaction(**options)
        with self.uses:
            await transaction.start()
            self._transaction = transaction
            for name, value in work.local.items():
                await self.physical.connection.fetchval("SELECT set_config($1, $2, true)", name, value)

    async def prepare(self, _work: Work, sql: str, _statement: Statement) -> Any:
        """Prepare a statement."""
        with self.uses:
            return await self.physical.prepared(sql)

    async def run(
        self,
        work: Work,
        statement: Statement,
        call: Callable[[PhysicalConnection], Awaitable[T]],
        arguments: tuple[object, ...] = (),
    ) -> T:
        """Carry out a statement."""
        with self.uses:
            result = await self._with_settings(work, call)
            if statement.settings:
                await self._note_settings(work, *settings_of(statement, arguments))
        work.leaves_rows |= statement.leaves_rows
        if statement.changes_schema:
            self.physical.forget_schema()
            self._note_schema_change()
        return result

    async def _with_settings(self, work: Work, call: Callable[[PhysicalConnection], Awaitable[T]]) -> T:
        if self._transaction is not None or not work.local:
            return await call(self.physical)
        # Set for a transaction, they would be gone before the statement begins one of its own.
        for name, value in work.local.items():
            await self.physical.connection.fetchval("SELECT set_config($1, $2, false)", name, value)
        try:
            return await call(self.physical)
        finally:
            for name in work.local:
                await self.physical.connection.execute(f"RESET {name}")

    async def _note_settings(self, work: Work, names: list[str], is_local: bool) -> None:
        """Remember what a statement has set for the connection, since in a scenario its settings are to be the same."""
        if is_local:
            return
        changed = work.session if self._transaction is None else work.changed
        for name in list(work.session) if "all" in names else names:
            value = await self.physical.connection.fetchval("SELECT current_setting($1, true)", name)
            if value is not None:
                changed[name] = value

    async def commit(self, work: Work) -> None:
        """Commit the transaction."""
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            with self.uses:
                await transaction.commit()
            work.session.update(work.changed)

    async def rollback(self, _work: Work) -> None:
        """Roll the transaction back."""
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            with self.uses:
                await transaction.rollback()

    def abandon(self, _work: Work) -> None:
        """Leave it to the end of the connection to roll back."""
        self._transaction = None
        self.physical.connection.terminate()

    async def close(self) -> None:
        """Close the connection, also where its event loop is over."""
        if not self._is_closing:
            self._is_closing = True
            await close(self.physical.connection)
