"""One transaction of the app, or of a step, as far as the sandbox has to know of it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False, slots=True)
class Work:
    """A transaction, from its first statement to its end."""

    name: str
    """Who began it, as messages name it."""
    is_of_app: bool
    """Whether the app began it, and not a step or a fixture."""
    session: dict[str, str]
    """The settings of its connection, as PostgreSQL has them: those that are not as usual."""
    codecs: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """By which functions the values of types are read and written: schema and name of each."""
    readonly: bool = False
    isolation: str | None = None
    """The isolation level that it has in production."""
    local: dict[str, str] = field(default_factory=dict)
    """The settings that it has until it ends."""
    changed: dict[str, str] = field(default_factory=dict)
    """The settings that it changed for its connection, which stay so if it commits."""
    leaves_rows: bool = False
    """Whether it changed something."""
    is_failed: bool = False
    """Whether it can only be rolled back."""
    at_commit: list[str] = field(default_factory=list)
    """What PostgreSQL would do by itself when it commits."""
    scenario: object = None
    """The scenario in which it is, once it has sent a statement there."""

    def setting(self, name: str) -> str | None:
        """Return what it has of a setting, or None if that is as usual."""
        return self.local.get(name, self.changed.get(name, self.session.get(name)))
