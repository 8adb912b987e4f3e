"""What transactions inside another one did, to be done again where that is rolled back: in production it stays."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from accord.database.address import Connection
from accord.isolation.physical import PhysicalConnection
from accord.isolation.work import Work

# A rollback does not give numbers back: to have the same ones, they are set back first.
_SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename) AS name, last_value, start_value FROM pg_sequences"
_SET = "SELECT setval($1::text::regclass, coalesce($2::bigint, $3::bigint), $2::bigint IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class _Done:
    work: Work
    call: Callable[[PhysicalConnection], Awaitable[Any]]
    result: Any


class Journal:
    """The statements of such transactions that may have changed something, in their order."""

    def __init__(self) -> None:
        self._done: list[_Done] = []
        self._sequences: dict[Work, list[Any]] = {}

    def clear(self) -> None:
        """Nothing can be undone any more."""
        self._done.clear()
        self._sequences.clear()

    async def begin(self, work: Work, connection: Connection) -> None:
        """The transaction is about to change something for the first time."""
        if work not in self._sequences:
            self._sequences[work] = await connection.fetch(_SEQUENCES)

    def note(self, work: Work, call: Callable[[PhysicalConnection], Awaitable[Any]], result: Any) -> None:
        """It has carried out a statement, with this result."""
        self._done.append(_Done(work, call, result))

    async def repeat(
        self,
        works: list[Work],
        physical: PhysicalConnection,
        become: Callable[[Work], Awaitable[None]],
    ) -> bool:
        """Do again what these did, and return whether all came out as before; `become` has the connection be theirs.

        Raises what PostgreSQL raises.
        """
        connection = physical.connection
        reached = await connection.fetch(_SEQUENCES)
        begun = set[Work]()
        for done in self._done:
            if done.work in works:
                if done.work not in begun:
                    begun.add(done.work)
                    await _set(connection, self._sequences.get(done.work, []))
                await become(done.work)
                if await done.call(physical) != done.result:
                    return False
        await _set(connection, reached)
        return True


async def _set(connection: Connection, sequences: list[Any]) -> None:
    there = {row["name"] for row in await connection.fetch(_SEQUENCES)}
    for row in sequences:
        if row["name"] in there:
            await connection.execute(_SET, row["name"], row["last_value"], row["start_value"])
