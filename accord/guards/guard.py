"""What a test may not leave behind: the environment, the clock, logging, threads, processes, what else a team names.

Each is read before a test, and again once its fixtures are gone. What differs fails the test and is put back, so that
the next one starts clean. What a fixture of a wider scope changes is meant to last.
"""

import datetime
import logging
import os
import reprlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from accord.compat.cpython import environment
from accord.compat.pytest import is_of_pytest
from accord.compat.time_machine import is_time_travelling, stop_time_travel
from accord.timeouts import outlasting, stacks

Reading = Mapping[Any, Any]
"""The parts of what is watched, each with its value."""

_UNSET = object()
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80  # a URL, a function
_RUNNING_TEST = os.fsencode("PYTEST_CURRENT_TEST")  # pytest sets it anew for each phase of each test.
_REPLACEABLE = (
    (time, "time"),
    (time, "time_ns"),
    (time, "monotonic"),
    (time, "perf_counter"),
    (datetime, "datetime"),
    (datetime, "date"),
)
# In a tuple, since freezegun replaces these functions wherever a module has them as attributes.
_CLOCKS = (time.time, time.perf_counter)
# No clock is set right by as much as this between two readings.
_TOLERATED_SECONDS = 1


class StateGuard:
    """What is compared before and after each test."""

    def __init__(self, rootpath: Path) -> None:
        # In this order: a time traveller also sets the time zone, and settings are read from the environment.
        self._watches: list[_Watch] = [_Clock(), _Environment(), _Logging(), _Threads(rootpath), _Processes()]
        self._before: list[Reading] = []

    def add(self, name: str, *, read: Callable[[], Reading], restore: Callable[[Any], object]) -> None:
        """Watch something of the app's as well: `read` tells it by its parts, `restore` takes back such a reading.

        `read` is called before and after each test, so it should be quick; of what changes in place it gives a copy.
        """
        self._watches.append(_Added(name, read, restore))

    def begin(self) -> None:
        """Note what a test starts with."""
        self._before = self._read()

    def end(self, *, is_of_accord: bool = True) -> list[str]:
        """Put back what the test leaves changed, and end what it leaves running; tell what that was, and what to do.

        What a test that has no part in Accord leaves running is its own affair.
        """
        told = []
        # What the test itself had watched begins with the next one.
        for watch, before in zip(self._watches, self._before, strict=False):
            if not is_of_accord and isinstance(watch, _Running):
                continue
            if changes := watch.changes(before, watch.read()):
                told.append(watch.sentence(changes))
                watch.restore(before)
        return told

    @contextmanager
    def lasting(self) -> Iterator[None]:
        """What changes in the block may outlast the test."""
        before = self._read()
        yield
        after = self._read()
        # What is watched from now on begins as it is now.
        self._before += after[len(self._before) :]
        before += after[len(before) :]
        self._before = [_with_changes(*readings) for readings in zip(self._before, before, after, strict=True)]

    def _read(self) -> list[Reading]:
        return [watch.read() for watch in self._watches]


class _Watch:
    name: str

    def read(self) -> Reading:
        raise NotImplementedError

    def restore(self, before: Reading) -> None:
        raise NotImplementedError

    def sentence(self, changes: list[str]) -> str:
        return f"{self.name} changed: {'; '.join(changes)}: undo it in a fixture, after its `yield`."

    def changes(self, before: Reading, after: Reading) -> list[str]:
        return [
            f"{self.part(part)} was {self.value(before.get(part, _UNSET))} and is {self.value(after.get(part, _UNSET))}"
            for part in _differing(before, after)
        ]

    def part(self, part: Any) -> str:
        return str(getattr(part, "__qualname__", part))

    def value(self, value: Any) -> str:
        return "unset" if value is _UNSET else _SHORT.repr(value)


class _Added(_Watch):
    def __init__(self, name: str, read: Callable[[], Reading], restore: Callable[[Any], object]) -> None:
        self.name = name
        self._read = read
        self._restore = restore

    def read(self) -> Reading:
        return self._read()

    def restore(self, before: Reading) -> None:
        self._restore(before)


class _Environment(_Watch):
    name = "os.environ"

    def read(self) -> Reading:
        variables = environment()
        variables.pop(_RUNNING_TEST, None)
        return variables

    def restore(self, before: Reading) -> None:
        for name in _differing(before, self.read()):
            if name in before:
                os.environ[os.fsdecode(name)] = os.fsdecode(before[name])
            else:
                del os.environ[os.fsdecode(name)]

    def part(self, part: Any) -> str:
        return os.fsdecode(part)

    def value(self, value: Any) -> str:
        return super().value(os.fsdecode(value) if isinstance(value, bytes) else value)


class _Clock(_Watch):
    name = "the clock"

    def __init__(self) -> None:
        self._apart = _seconds_apart()

    def read(self) -> Reading:
        apart = _seconds_apart()
        is_right = abs(apart - self._apart) <= _TOLERATED_SECONDS
        if is_right:  # In a long run, the clock is set right little by little.
            self._apart = apart
        return {
            **{f"{module.__name__}.{name}": getattr(module, name) for module, name in _REPLACEABLE},
            "time travel": "under way" if is_time_travelling() else "over",
            "the time": "right" if is_right else "wrong",
        }

    def restore(self, before: Reading) -> None:
        if before["time travel"] == "over":
            stop_time_travel()
        for module, name in _REPLACEABLE:
            setattr(module, name, before[f"{module.__name__}.{name}"])

    def value(self, value: Any) -> str:
        return value if isinstance(value, str) else super().value(value)


def _seconds_apart() -> float:
    wall, steady = _CLOCKS
    return wall() - steady()


class _Logging(_Watch):
    name = "logging"

    def read(self) -> Reading:
        loggers = [logging.root, *logging.root.manager.loggerDict.values()]
        reading: dict[Any, Any] = {
            logger: (logger.level, logger.disabled, logger.propagate, *(logger.handlers and _handlers(logger)))
            for logger in loggers
            if isinstance(logger, logging.Logger)
        }
        reading[logging.disable] = logging.root.manager.disable
        return reading

    def changes(self, before: Reading, after: Reading) -> list[str]:
        # A logger that was made since was not changed.
        return super().changes(before, {part: value for part, value in after.items() if part in before})

    def restore(self, before: Reading) -> None:
        for logger, value in before.items():
            if logger is logging.disable:
                logging.disable(value)
                continue
            level, logger.disabled, logger.propagate, *handlers = value
            if logger.level != level:
                logger.setLevel(level)
            for handler in _handlers(logger):
                if handler not in handlers:
                    logger.removeHandler(handler)
            for handler in handlers:
                logger.addHandler(handler)

    def part(self, part: Any) -> str:
        return f'the logger "{part.name}"' if isinstance(part, logging.Logger) else "logging.disable"

    def value(self, value: Any) -> str:
        if not isinstance(value, tuple):
            return str(logging.getLevelName(value))
        level, disabled, propagate, *handlers = value
        told: list[str] = [logging.getLevelName(level), *map(repr, handlers)]
        return ", ".join(told + ["disabled"] * disabled + ["not propagating"] * (not propagate))


class _Running(_Watch):
    """What goes on while nobody waits for it."""

    def sentence(self, changes: list[str]) -> str:
        return f"{'; '.join(changes)}: end it in a fixture, after its `yield`."


class _Threads(_Running):
    name = "threads"

    def __init__(self, rootpath: Path) -> None:
        self._rootpath = rootpath

    def read(self) -> Reading:
        return dict.fromkeys(outlasting.threads())

    def restore(self, before: Reading) -> None:
        """A thread can't be ended; the next test begins with it."""

    def changes(self, before: Reading, after: Reading) -> list[str]:
        if after.keys() <= before.keys():
            return []
        left = outlasting.still_running(lambda: [it for it in outlasting.threads() if it not in before])
        told = [(it, stacks.told([stacks.of_thread(it.ident or 0)], self._rootpath)[0]) for it in left]
        return [f'the thread "{thread.name}" running ({waits})' for thread, waits in told]


class _Processes(_Running):
    name = "processes"

    def read(self) -> Reading:
        return dict.fromkeys(outlasting.children())

    def restore(self, before: Reading) -> None:
        outlasting.end(outlasting.running(self.read().keys() - before.keys()))

    def changes(self, before: Reading, after: Reading) -> list[str]:
        if after.keys() <= before.keys():
            return []
        left = outlasting.running(after.keys() - before.keys())
        return [f"the process {process.pid} running ({outlasting.command(process)})" for process in left]


def _handlers(logger: logging.Logger) -> list[logging.Handler]:
    """Return those that matter: a library adds one that does nothing where it is imported, each time that it is."""
    return [
        handler
        for handler in logger.handlers
        if not is_of_pytest(handler) and not isinstance(handler, logging.NullHandler)
    ]


def _differing(before: Reading, after: Reading) -> list[Any]:
    if before == after:
        return []
    return [part for part in {**before, **after} if before.get(part, _UNSET) != after.get(part, _UNSET)]


def _with_changes(reading: Reading, before: Reading, after: Reading) -> Reading:
    changed = {part: after.get(part, _UNSET) for part in _differing(before, after)}
    return {part: value for part, value in {**reading, **changed}.items() if value is not _UNSET}


STATE_GUARD = pytest.StashKey[StateGuard]()
