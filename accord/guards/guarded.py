"""How something is guarded: its parts are read before and after a test, compared, and put back."""

import reprlib
from collections.abc import Mapping
from typing import Any

Reading = Mapping[Any, Any]
"""The parts of what is guarded, each with its value."""

UNSET = object()
"""The value of a part that is not there."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80  # a URL, a function


class Guarded:
    """Something that no test may leave changed; a class for each says how it is read, put back and named."""

    name: str
    only_of_accord = False
    """Whether a test that has no part in Accord may leave it changed."""

    def read(self) -> Reading:
        """Return its parts as they are now."""
        raise NotImplementedError

    def restore(self, before: Reading) -> None:
        """Put it back as it was."""
        raise NotImplementedError

    def sentence(self, changes: list[str]) -> str:
        """Say what changed, and what to do, as it goes on after `The test ... leaves`."""
        return f"{self.name} changed: {'; '.join(changes)}: undo it in a fixture, after its `yield`."

    def changes(self, before: Reading, after: Reading) -> list[str]:
        """Say of each part that differs what it was, and is."""
        return [
            f"{self.part(part)} was {self.value(before.get(part, UNSET))} and is {self.value(after.get(part, UNSET))}"
            for part in differing(before, after)
        ]

    def part(self, part: Any) -> str:
        """Name a part."""
        return str(getattr(part, "__qualname__", part))

    def value(self, value: Any) -> str:
        """Show a part's value."""
        return "unset" if value is UNSET else _SHORT.repr(value)


def differing(before: Reading, after: Reading) -> list[Any]:
    """Return the parts that differ."""
    # Nearly always, and dicts compare faster than the loop below does.
    if before == after:
        return []
    return [part for part in {**before, **after} if before.get(part, UNSET) != after.get(part, UNSET)]


def with_changes(reading: Reading, before: Reading, after: Reading) -> Reading:
    """Return the reading, with what changed between the two others."""
    changed = {part: after.get(part, UNSET) for part in differing(before, after)}
    return {part: value for part, value in {**reading, **changed}.items() if value is not UNSET}
