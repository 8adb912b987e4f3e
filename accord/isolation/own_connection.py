"""A connection of an engine's own, as in production: outside of scenarios, and under @real_commits."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

from accord.isolation.physical import PhysicalConnection
from accord.isolation.statements import Statement
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

    async def begin(self, work: Work, **options: Any) -> None:
        """Begin a transaction."""
        transaction = self.physical.connection.transaction(**options)
        await transaction.start()
        self._transaction = transaction
        for name, value in work.local.items():
            await self.physical.connection.fetchval("SELECT set_config($1, $2, true)", name, value)

    async def prepare(self, _work: Work, sql: str, _statement: Statement) -> Any:
        """Prepare a statement."""
        return await self.physical.prepared(sql)

    async def run(
        self,
        work: Work,
        statement: Statement,
        call: Callable[[PhysicalConnection], Awaitable[T]],
        _arguments: tuple[object, ...] = (),
    ) -> T:
        """Carry out a statement."""
        result = await call(self.physical)
        work.leaves_rows |= statement.leaves_rows
        if statement.changes_schema:
            self.physical.forget_schema()
            self._note_schema_change()
        return result

    async def commit(self, _work: Work) -> None:
        """Commit the transaction."""
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            await transaction.commit()

    async def rollback(self, _work: Work) -> None:
        """Roll the transaction back."""
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            await transaction.rollback()

    def abandon(self, _work: Work) -> None:
        """Leave it to the end of the connection to roll back."""
        self._transaction = None
        self.physical.connection.terminate()

    async def close(self) -> None:
        """Close the connection, also where its event loop is over."""
        try:
            await self.physical.connection.close(timeout=2)
        except (RuntimeError, OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError):
            self.physical.connection.terminate()
