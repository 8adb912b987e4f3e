"""How long a step, a test, a fixture, or the app's startup and shutdown may take.

To begin and to end a limit is to set an attribute: a thread of the watchdog's looks whether the time is over.
"""

import asyncio
import inspect
import math
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self

import pytest

from accord.basics.clock import seconds as clock
from accord.basics.source import defined_at, location
from accord.errors import TimedOutError

TIMEOUT = "accord_timeout"
LIFESPAN_TIMEOUT = "accord_lifespan_timeout"
STEP_SECONDS = 60.0
LIFESPAN_SECONDS = 30.0
# How long each fixture may take once somebody pressed Ctrl-C.
INTERRUPTED_SECONDS = 10

# A fixture of a wider scope may migrate a database, or start a server: it has so many times as long, or so much.
_WIDER = 10
_WIDER_SECONDS = 30.0
# Accord's own may have to wait for another run, or worker, to do the same.
_OWN_SECONDS = 600.0

_UNLIMITED = nullcontext()

Name = str | Callable[[], str]
Function = Callable[..., object]
Tasks = Callable[[], Iterable["asyncio.Task[Any]"]]


def seconds_of(config: pytest.Config, setting: str, default: float) -> float:
    """Return the seconds of a setting. Raises pytest.UsageError for what is no number of seconds."""
    value = config.getini(setting)
    if value in (None, ""):
        return default
    with suppress(TypeError, ValueError):
        if 0 <= (seconds := float(value)) < math.inf:
            return seconds
    raise pytest.UsageError(f"{setting} = {value} is not a time: give a number of seconds, or 0 for no limit.")


class Alarm:
    """Wakes the thread that waits for deadlines, before one that it does not know."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._wakes_at = math.inf

    def set(self, deadline: float = -math.inf) -> None:
        """Have a deadline that is sooner than the next look not be missed; without one, have it look now."""
        if deadline < self._wakes_at:
            self._event.set()

    def prepare(self) -> None:
        """Have each deadline that is set from now on end the next wait."""
        self._wakes_at = math.inf

    def wait(self, until: float) -> None:
        """Wait until then, or for the alarm."""
        self._wakes_at = until
        self._event.wait(until - clock())
        self._event.clear()


class Limit:
    """What may take so many seconds, as a context manager that raises TimedOutError if it took longer."""

    __slots__ = (
        "_began",
        "_limits",
        "_name",
        "_outer",
        "_seconds",
        "_setting",
        "deadline",
        "is_over",
        "is_renewed",
        "sentence",
        "tasks",
    )

    def __init__(
        self, limits: "Limits", name: Name, seconds: float, setting: str = TIMEOUT, tasks: Tasks = tuple
    ) -> None:
        self._limits = limits
        self._name = name
        # No time at all is no limit.
        self._seconds = seconds or math.inf
        self._setting = setting
        self.tasks = tasks
        self.is_renewed = False
        self.is_over = True
        self.sentence: str | None = None

    def __enter__(self) -> Self:
        """Begin."""
        self.begin()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """End. Raises TimedOutError."""
        self.end()
        if self.sentence is not None and not isinstance(error, (TimedOutError, KeyboardInterrupt)):
            raise TimedOutError(self.sentence) from None

    def begin(self) -> None:
        """The time begins."""
        self.is_over = False
        self._outer = self._limits.current
        self._began = clock()
        self.deadline = self._began + self._seconds
        self._limits.current = self
        self._limits.alarm.set(self.deadline)

    def end(self) -> None:
        """It is over; what began before has not lost any by it."""
        if self.is_over:
            return
        self.is_over = True
        outer = self._limits.current = self._outer
        if outer is not None:
            # A fixture that a step asks for has a time of its own.
            outer.deadline += clock() - self._began
            self._limits.alarm.set(outer.deadline)

    def extend(self) -> None:
        """Give it as long again."""
        self.deadline = clock() + self._seconds

    def time_out(self, where: str, stack: str) -> None:
        """The time is over."""
        name = self._name if isinstance(self._name, str) else self._name()
        self.sentence = (
            f"{name} had not ended after {self._seconds:g} seconds: {where}. "
            f"See that it ends, or raise {self._setting} in the pytest configuration if it may take longer.\n{stack}"
        )


class Limits:
    """The limits of a run, and which one is running.

    `seconds` is what a step, a test or a fixture of a scenario may take, and `lifespan_seconds` the app's startup, and
    its shutdown; 0 is no limit.
    """

    def __init__(self, seconds: float, lifespan_seconds: float, rootpath: Path) -> None:
        self._seconds = seconds
        self._lifespan_seconds = lifespan_seconds
        self.rootpath = rootpath
        self.alarm = Alarm()
        self.current: Limit | None = None
        """The innermost of those that have begun."""
        self.are_on = False
        """Whether the test that runs is one of Accord's, whose time is limited; others are none of its business."""
        self.were_on = False
        """Whether one of those was."""
        self.was_interrupted = False
        """Whether somebody pressed Ctrl-C."""
        self.is_debugged = False
        """Whether somebody was at the prompt of a debugger in this test: from then on nothing of it has a limit."""
        self._is_async_alone = False

    def begin_test(self, *, is_of_accord: bool, is_async_alone: bool = False) -> None:
        """A test begins, all of which has limits, or what is async alone."""
        self.are_on = is_of_accord
        self.is_debugged = False
        self._is_async_alone = is_async_alone
        self.were_on = self.were_on or is_of_accord

    def step(self, name: Name, function: Function | None = None) -> Limit:
        """Limit what is done in a block, as a step of that name, of which it calls the function."""
        return Limit(self, name, 0 if function is not None and self._is_free(function) else self._seconds)

    def test(self, name: Name) -> Limit:
        """Limit a test that is no scenario: it may take as long, as long as its requests are answered."""
        limit = Limit(self, name, self._seconds)
        limit.is_renewed = True
        return limit

    def note_response(self) -> None:
        """A request was answered."""
        if self.current is not None and self.current.is_renewed:
            self.current.extend()

    def fixture(self, fixture: "pytest.FixtureDef[Any]") -> AbstractContextManager[object]:
        """Limit a fixture's set-up, which is the block, and then its tear-down."""
        return _FixtureLimits(self, fixture) if self.are_on else _UNLIMITED

    def lifespan(self, phase: str, before: set["asyncio.Task[Any]"]) -> Limit:
        """Limit the app's startup or shutdown, which happens in tasks of its own, begun since `before`."""
        own = asyncio.current_task()
        return Limit(
            self,
            f"The {phase} of the app",
            self._lifespan_seconds,
            LIFESPAN_TIMEOUT,
            lambda: asyncio.all_tasks() - before - {own},
        )

    def seconds_of_fixture(self, fixture: "pytest.FixtureDef[Any]") -> float:
        """Return how long the fixture may take."""
        if not self._seconds:
            seconds = math.inf
        elif (fixture.func.__module__ or "").startswith("accord."):
            seconds = max(self._seconds * _WIDER, _OWN_SECONDS)
        elif self._is_free(fixture.func):
            seconds = math.inf
        elif fixture.scope == "function":
            seconds = self._seconds
        else:
            seconds = max(self._seconds * _WIDER, _WIDER_SECONDS)
        return min(seconds, INTERRUPTED_SECONDS) if self.was_interrupted else seconds

    def _is_free(self, function: Function) -> bool:
        if not self._is_async_alone:
            return False
        unwrapped = inspect.unwrap(function)
        return not (inspect.iscoroutinefunction(unwrapped) or inspect.isasyncgenfunction(unwrapped))


class _FixtureLimits:
    """The limit of a fixture's set-up, as a context manager, and that of its tear-down, as the first and last of it."""

    __slots__ = ("_fixture", "_limit", "_limits", "_phase")

    def __init__(self, limits: Limits, fixture: "pytest.FixtureDef[Any]") -> None:
        self._limits = limits
        self._fixture = fixture
        self._phase = "set-up"

    def __enter__(self) -> None:
        # pytest calls the last one first.
        self._fixture.addfinalizer(self.end)
        self.begin()

    def __exit__(self, *error: Any) -> None:
        self._limit.__exit__(*error)
        self._phase = "tear-down"
        if error[0] is None:
            self._fixture.addfinalizer(self.begin)

    def begin(self) -> None:
        self._limit = Limit(self._limits, self._name, self._limits.seconds_of_fixture(self._fixture))
        self._limit.begin()

    def end(self) -> None:
        self._limit.end()

    def _name(self) -> str:
        where = location(*defined_at(self._fixture.func), self._limits.rootpath)
        return f"The {self._phase} of the fixture `{self._fixture.argname}` ({where})"
