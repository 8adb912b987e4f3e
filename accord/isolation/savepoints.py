"""The savepoints of the scenario's transaction, and which of the app's transactions each belongs to.

The first transaction that writes has the savepoint that is always there; one that began inside it has one above that,
and so has the outer one where it writes again. What ends a transaction waits here for what is sent after it.
"""

from dataclasses import dataclass, field

from accord.isolation.work import Work

_BASE = "accord"
"""The savepoint that is always there."""
BEGIN = f"BEGIN; SAVEPOINT {_BASE}"
"""Begins the scenario's transaction."""


@dataclass(eq=False, slots=True)
class _Savepoint:
    name: str
    owner: Work
    is_of_app: bool = False
    is_committed: bool = False
    inside: list[Work] = field(default_factory=list)
    """Those that began after it, wrote and committed: they would be undone with it."""
    settings: tuple[dict[str, str], dict[str, str]] = ({}, {})
    """Those of its owner, which are so again if it is rolled back to."""


class CrosswiseError(Exception):
    """A transaction can't be undone without another one that has ended, or goes on."""

    def __init__(self, other: Work) -> None:
        super().__init__(other.name)
        self.other = other


class Savepoints:
    """What is open, from the outermost to the innermost."""

    def __init__(self) -> None:
        self._open: list[_Savepoint] = []
        self._pending = ""
        self._numbers = 0

    def take_pending(self) -> list[str]:
        """Return what has to be sent before anything else is, and count it as sent."""
        pending, self._pending = self._pending, ""
        return [pending] if pending else []

    def owners(self) -> list[Work]:
        """Return the transactions that have written and not ended."""
        return [it.owner for it in self._open if not it.is_committed]

    def has_any(self, work: Work) -> bool:
        """Whether the transaction has written, or may have."""
        return self._lowest(work) is not None

    def needs_one(self, work: Work, *, writes: bool) -> bool:
        """Whether the transaction can go on only in a savepoint of its own."""
        if not self._open:
            return writes
        # Also to read: an error would undo what is around it.
        return self._open[-1].owner is not work

    def place(self, work: Work) -> list[str]:
        """Give the transaction a savepoint above all others, and return what makes it."""
        if not self._open:
            self._open.append(_Savepoint(_BASE, work))
            return []
        self._numbers += 1
        name = f"{_BASE}_{self._numbers}"
        self._open.append(_Savepoint(name, work))
        return [f"SAVEPOINT {name}"]

    def commit(self, work: Work) -> None:
        """Leave what the transaction did to what is around it."""
        for savepoint in self._open:
            if savepoint.owner is work:
                savepoint.is_committed = True
        self._release_committed()

    def rollback(self, work: Work) -> list[Work]:
        """Undo what the transaction did, and return those that had committed inside it, and are undone with it.

        Raises CrosswiseError where one is undone with it that goes on.
        """
        if (lowest := self._lowest(work)) is None:
            return []
        others, going_on = self._others(work, lowest), self._going_on(work, lowest)
        for savepoint in self._open[lowest:]:
            if savepoint.owner is not work:
                savepoint.owner.is_failed = True
        self._undo(lowest)
        if going_on:
            raise CrosswiseError(going_on[0])
        return others

    def is_inside(self, work: Work) -> bool:
        """Whether the transaction has a savepoint, and another one's is around it."""
        return bool(self._lowest(work))

    def adopt(self, works: list[Work]) -> None:
        """What these did, which had been undone, is done again."""
        if self._open:
            self._open[-1].inside += works
        else:
            self._then(f"RELEASE {_BASE}; SAVEPOINT {_BASE}")

    def fail(self, work: Work, *, is_certain: bool = True) -> None:
        """Undo what keeps PostgreSQL from going on after an error, and all that can only be undone.

        Where it is not certain, since nobody waited for it, whether the last statement was carried out, the savepoints
        that the app has made may be there or not, and are undone with it.
        """
        work.is_failed = True
        if not is_certain:
            while self._open and self._open[-1].is_of_app and self._open[-1].owner is work:
                self._open.pop()
        lowest = self._lowest(work)
        if lowest is None:
            # Where others have one, it has sent nothing: for that it would have got a savepoint.
            if not self._open:
                self._then(f"ROLLBACK TO {_BASE}")
        elif self._others(work, lowest) or any(it.is_of_app for it in self._open[lowest:]):
            self._then(f"ROLLBACK TO {self._open[-1].name}")
        else:
            # Others need not wait for its end.
            self._undo(lowest)

    # Savepoints of the app's own.

    def check(self, work: Work, verb: str, name: str) -> bool:
        """Whether the app has this savepoint.

        Raises CrosswiseError where another's work would be undone with it, or could not be undone any more.
        """
        if (at := self._find(work, name)) is None:
            return False
        if going_on := self._going_on(work, at):
            raise CrosswiseError(going_on[0])
        return True

    def note(self, work: Work, verb: str, name: str) -> list[Work]:
        """The app has made, released or rolled back to a savepoint.

        Returns those that had committed since, and were undone with it.
        """
        if verb == "SAVEPOINT":
            settings = dict(work.local), dict(work.changed)
            self._open.append(_Savepoint(name, work, is_of_app=True, settings=settings))
            return []
        at = self._find(work, name)
        assert at is not None, "it was looked for before it was sent"
        if verb == "RELEASE":
            self._drop(at)
            return []
        others = self._others(work, at)
        del self._open[at + 1 :]
        savepoint = self._open[at]
        savepoint.inside.clear()
        work.is_failed = False
        work.local, work.changed = map(dict, savepoint.settings)
        return others

    def _find(self, work: Work, name: str) -> int | None:
        for at in reversed(range(len(self._open))):
            savepoint = self._open[at]
            if savepoint.is_of_app and savepoint.owner is work and savepoint.name == name:
                return at
        return None

    # What becomes of them.

    def _lowest(self, work: Work) -> int | None:
        return next((at for at, it in enumerate(self._open) if it.owner is work and not it.is_committed), None)

    def _others(self, work: Work, at: int) -> list[Work]:
        since = [it for savepoint in self._open[at:] for it in (savepoint.owner, *savepoint.inside)]
        return [it for it in dict.fromkeys(since) if it is not work and it.leaves_rows]

    def _going_on(self, work: Work, at: int) -> list[Work]:
        since = [it.owner for it in self._open[at:] if not it.is_committed]
        return [it for it in since if it is not work and it.leaves_rows]

    def _undo(self, at: int) -> None:
        name = self._open[at].name
        del self._open[at:]
        self._then(f"ROLLBACK TO {name}; RELEASE {name}" if at else f"ROLLBACK TO {name}")
        self._release_committed()

    def _release_committed(self) -> None:
        while self._open and self._open[-1].is_committed:
            at = len(self._open) - 1
            name = self._open[at].name
            self._then(f"RELEASE {name}" if at else f"RELEASE {name}; SAVEPOINT {name}")
            self._drop(at)

    def _drop(self, at: int) -> None:
        """Forget the savepoints from there on, whose work belongs to what is around them now."""
        inside = [it for savepoint in self._open[at:] for it in (*savepoint.inside, savepoint.owner)]
        del self._open[at:]
        if self._open:
            around = self._open[-1]
            around.inside += [it for it in inside if it is not around.owner and it.leaves_rows]

    def _then(self, sql: str) -> None:
        self._pending = f"{self._pending}; {sql}" if self._pending else sql
