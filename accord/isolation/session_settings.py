"""The settings of PostgreSQL that transactions change, which each has for itself, though all use one connection."""

from collections.abc import Iterable
from typing import Protocol

from accord.database.address import Connection

# None where there is no such setting; one of the project's own is empty once it has been set and reset.
_ASK = "SELECT current_setting($1, true)"


class HasSettings(Protocol):
    """A transaction."""

    session: dict[str, str]
    local: dict[str, str]
    changed: dict[str, str]

    def setting(self, name: str) -> str | None:
        """Return what it has of a setting, or None if that is as usual."""


class SessionSettings:
    """What the connection has of each setting that some transaction changed."""

    def __init__(self) -> None:
        self._usual: dict[str, str] = {}
        self._current: dict[str, str] = {}

    def forget_connection(self) -> None:
        """The connection is another."""
        self._usual.clear()
        self._current.clear()

    def forget(self) -> None:
        """A scenario begins, and with its transaction each setting is as usual."""
        self._current = dict(self._usual)

    def doubt(self) -> None:
        """Something is rolled back, and what it had set with it."""
        self._current.clear()

    async def learn(self, connection: Connection, names: Iterable[str]) -> None:
        """Ask what these are before they are changed."""
        for name in names:
            if name not in self._usual and name != "all":
                self._usual[name] = self._current[name] = await connection.fetchval(_ASK, name) or ""

    async def note(self, connection: Connection, work: HasSettings, names: Iterable[str], *, is_local: bool) -> None:
        """Ask what these are now that the transaction has changed them."""
        changed = work.local if is_local else work.changed
        for name in list(self._usual) if "all" in names else names:
            value: str | None = await connection.fetchval(_ASK, name)
            if value is None:
                del self._usual[name]
            else:
                changed[name] = self._current[name] = value

    def unknown(self, work: HasSettings) -> list[str]:
        """Return the names of its settings that are not learnt yet."""
        return [name for name in (*work.session, *work.local) if name not in self._usual]

    def changes_for(self, work: HasSettings) -> list[str]:
        """Return the statements that give the transaction what it has of each."""
        changes = []
        for name, usual in self._usual.items():
            own = work.setting(name)
            value = usual if own is None else own
            if self._current.get(name) != value:
                self._current[name] = value
                changes.append(f"SELECT set_config({_quoted(name)}, {_quoted(value)}, true)")
        return changes


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
