"""What a test may not leave behind: the environment, the clock, logging, threads, processes, what else a team names.

Each is read before a test, and again once its fixtures are gone. What differs fails the test and is put back, so that
the next one starts clean. What a fixture of a wider scope changes is meant to last.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from accord.guards.clock import Clock
from accord.guards.environment import Environment
from accord.guards.guarded import Guarded, Reading, with_changes
from accord.guards.logging import Logging
from accord.guards.processes import Processes, Threads


class StateGuard:
    """What is compared before and after each test."""

    def __init__(self, rootpath: Path) -> None:
        # In this order: a time traveller also sets the time zone, and settings are read from the environment.
        self._guarded: list[Guarded] = [Clock(), Environment(), Logging(), Threads(rootpath), Processes()]
        self._before: list[Reading] = []

    def add(self, name: str, *, read: Callable[[], Reading], restore: Callable[[Any], object]) -> None:
        """Guard something of the app's as well: `read` returns its parts, `restore` puts back such a reading.

        `read` is called before and after each test, so it should be quick; of what changes in place it gives a copy.
        """
        self._guarded.append(_Added(name, read, restore))

    def begin(self) -> None:
        """Note what a test starts with."""
        self._before = self._read()

    def end(self, *, is_of_accord: bool = True) -> list[str]:
        """Put back what the test leaves changed, and end what it leaves running; return what to say of each.

        What a test that has no part in Accord leaves running is its own affair.
        """
        sentences = []
        # What the test itself had guarded begins with the next one.
        for guarded, before in zip(self._guarded, self._before, strict=False):
            if guarded.only_of_accord and not is_of_accord:
                continue
            if changes := guarded.changes(before, guarded.read()):
                sentences.append(guarded.sentence(changes))
                guarded.restore(before)
        return sentences

    @contextmanager
    def lasting(self) -> Iterator[None]:
        """What changes in the block may outlast the test."""
        before = self._read()
        yield
        after = self._read()
        # What is guarded from now on begins as it is now.
        # A fixture may add to what is guarded, and then has the longer list.
        self._before += after[len(self._before) :]
        before += after[len(before) :]
        self._before = [with_changes(*readings) for readings in zip(self._before, before, after, strict=True)]

    def _read(self) -> list[Reading]:
        return [guarded.read() for guarded in self._guarded]


class _Added(Guarded):
    def __init__(self, name: str, read: Callable[[], Reading], restore: Callable[[Any], object]) -> None:
        self.name = name
        self._read = read
        self._restore = restore

    def read(self) -> Reading:
        return self._read()

    def restore(self, before: Reading) -> None:
        self._restore(before)


STATE_GUARD = pytest.StashKey[StateGuard]()
