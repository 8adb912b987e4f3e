"""Every run ends: how long a step, a fixture or a test may take, and what becomes of one that takes longer.

One thread a run looks whether the time is over; to begin and to end a limit is to set an attribute. What awaits is
cancelled and fails with where it waited. What blocks the event loop, or is no coroutine, is interrupted by a signal
that nothing else uses. What swallows that is given up after a grace, and the run goes on; where the main thread itself
does not come back, the process ends with what it was doing written to the terminal, as faulthandler has it.
"""

import _thread
import asyncio
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import Context
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, Self

import pytest

from accord.basics.source import defined_at, location
from accord.compat.cpython import drop_task
from accord.errors import BlockedError, TimedOutError
from accord.timeouts import stacks

TIMEOUT = "accord_timeout"
LIFESPAN_TIMEOUT = "accord_lifespan_timeout"
STEP_SECONDS = 60.0
LIFESPAN_SECONDS = 30.0
# How long something may take to end that was cancelled.
GRACE_SECONDS = 2
# How long the event loop may take to answer before it counts as blocked.
ANSWER_SECONDS = 1
# How often what blocks is interrupted, once a second, before the process ends.
INTERRUPTS = 5
# How long it may take to publish the run when its process is about to end.
LAST_WORDS_SECONDS = 20
# How long each fixture may take once somebody pressed Ctrl-C.
INTERRUPTED_SECONDS = 10

# A fixture of a wider scope may migrate a database, or start a server: it has as many times as long, or so much.
_WIDER = 10
_WIDER_SECONDS = 30.0
# Accord's own may have to wait for another run, or worker, to do the same.
_OWN_SECONDS = 600.0
_LOOKS_EVERY = 60.0
_DEBUGGERS = {"IPython", "bdb", "code", "ipdb", "pdb", "pdbpp", "pudb"}
_REMOTE_DEBUGGERS = {"debugpy", "pydevd"}
# In a tuple, since a time traveller replaces these functions wherever a module has them as attributes.
_CLOCKS = (time.perf_counter,)
# Nothing else uses it, and by itself it does nothing. Windows has another one.
_SIGNAL: Any = getattr(signal, "SIGURG", None) or getattr(signal, "SIGBREAK", None)

_UNLIMITED = nullcontext()

Name = str | Callable[[], str]
Tasks = Callable[[], Iterable["asyncio.Task[Any]"]]


def of(config: pytest.Config) -> "Watchdog":
    """Return the watchdog that the configuration asks for; raises UsageError for what is no number of seconds."""
    step, lifespan = _seconds(config, TIMEOUT, STEP_SECONDS), _seconds(config, LIFESPAN_TIMEOUT, LIFESPAN_SECONDS)
    return Watchdog(step, lifespan, config.rootpath)


def _seconds(config: pytest.Config, setting: str, default: float) -> float:
    value = config.getini(setting)
    if value in (None, ""):
        return default
    with suppress(TypeError, ValueError):
        if 0 <= (seconds := float(value)) < math.inf:
            return seconds
    raise pytest.UsageError(f"{setting} = {value} is no time: give a number of seconds, or 0 for no limit.")


class Limit:
    """What may take so many seconds, as a context manager that raises TimedOutError if it took longer."""

    __slots__ = (
        "_began",
        "_name",
        "_outer",
        "_seconds",
        "_setting",
        "_watchdog",
        "deadline",
        "is_over",
        "is_renewed",
        "sentence",
        "tasks",
    )

    def __init__(
        self, watchdog: "Watchdog", name: Name, seconds: float, setting: str = TIMEOUT, tasks: Tasks = tuple
    ) -> None:
        self._watchdog = watchdog
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
        self._outer = self._watchdog.limit
        self._began = _CLOCKS[0]()
        self.deadline = self._began + self._seconds
        self._watchdog.limit = self
        self._watchdog.look_again(self.deadline)

    def end(self) -> None:
        """It is over; what began before has not lost any by it."""
        if self.is_over:
            return
        self.is_over = True
        outer = self._watchdog.limit = self._outer
        if outer is not None:
            outer.deadline += _CLOCKS[0]() - self._began
            self._watchdog.look_again(outer.deadline)

    def extend(self) -> None:
        """Give it as long again."""
        self.deadline = _CLOCKS[0]() + self._seconds

    def refuse(self, where: str, stack: str) -> None:
        """The time is over."""
        name = self._name if isinstance(self._name, str) else self._name()
        self.sentence = (
            f"{name} had not ended after {self._seconds:g} seconds: {where}. "
            f"See that it ends, or raise {self._setting} in the pytest configuration if it may take longer.\n{stack}"
        )


class _Awaited:
    """A task that the main thread runs the event loop for."""

    __slots__ = ("deadline", "is_interrupted", "is_over", "loop", "task")

    def __init__(self, task: "asyncio.Task[Any]", loop: asyncio.AbstractEventLoop) -> None:
        self.task = task
        self.loop = loop
        # When it is to have ended, once it was cancelled.
        self.deadline = math.inf
        self.is_interrupted = False
        self.is_over = False

    def cancel(self) -> None:
        self.deadline = _CLOCKS[0]() + GRACE_SECONDS
        self.task.cancel()


class Watchdog:
    """Looks after what runs in this process, from `start` to `stop`, in the thread that starts it.

    `seconds` is what a step, a test or a fixture of a scenario may take, and `lifespan_seconds` the app's startup, and
    its shutdown; 0 is no limit.
    """

    def __init__(
        self,
        seconds: float,
        lifespan_seconds: float,
        rootpath: Path,
    ) -> None:
        self.last_words: list[Callable[[str], None]] = []
        """What is told why the process is about to end, where the main thread does not come back; none waits long."""
        self.lifespan_seconds = lifespan_seconds
        self.limit: Limit | None = None
        self.is_watching = False
        """Whether the test that runs is one of Accord's, whose time is limited; others are none of its business."""
        self.has_watched = False
        """Whether one of those was."""
        self.was_interrupted = False
        """Whether somebody pressed Ctrl-C."""
        self.abandoned: list[asyncio.Task[Any]] = []
        """Tasks that did not end when they were cancelled. They are kept: to drop one would run its code again."""
        self._seconds = seconds
        self.rootpath = rootpath
        self._awaited: _Awaited | None = None
        self._news = threading.Event()
        self._wakes_at = math.inf
        self._is_stopped = False
        self._blocking: Limit | _Awaited | None = None
        self._terminal = 2

    def start(self) -> Callable[[], None]:
        """Begin to look; return what ends it."""
        self._main = threading.get_ident()
        with suppress(OSError):
            # pytest leads this one elsewhere while tests run.
            self._terminal = os.dup(2)
        previous: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():
            handlers = {_SIGNAL: self._on_signal}
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                handlers[signal.SIGINT] = self._on_ctrl_c
            previous = {number: signal.signal(number, handler) for number, handler in handlers.items() if number}
        _WATCHDOGS.append(self)
        thread = threading.Thread(target=self._look, name="accord watchdog", daemon=True)
        thread.start()

        def stop() -> None:
            self._is_stopped = True
            self._news.set()
            thread.join(ANSWER_SECONDS)
            _WATCHDOGS.remove(self)
            for number, handler in previous.items():
                signal.signal(number, handler)
            if self._terminal != 2:
                os.close(self._terminal)

        return stop

    def watch(self, *, is_of_accord: bool) -> None:
        """A test begins."""
        self.is_watching = is_of_accord
        self.has_watched = self.has_watched or is_of_accord

    def limiting(self, name: Name) -> Limit:
        """Limit what is done in a block, as a step of that name."""
        return Limit(self, name, self._seconds)

    def limiting_test(self, name: Name) -> Limit:
        """Limit a test that is no scenario: it may take as long, as long as its requests are answered."""
        limit = Limit(self, name, self._seconds)
        limit.is_renewed = True
        return limit

    def note_answer(self) -> None:
        """A request was answered."""
        if self.limit is not None and self.limit.is_renewed:
            self.limit.extend()

    def limiting_fixture(self, fixture: "pytest.FixtureDef[Any]") -> AbstractContextManager[object]:
        """Limit a fixture's set-up, which is the block, and then its tear-down."""
        return _FixtureLimits(self, fixture) if self.is_watching else _UNLIMITED

    def limiting_lifespan(self, phase: str, before: set["asyncio.Task[Any]"]) -> Limit:
        """Limit the app's startup or shutdown, which happens in tasks of its own, begun since `before`."""
        own = asyncio.current_task()
        return Limit(
            self,
            f"The {phase} of the app",
            self.lifespan_seconds,
            LIFESPAN_TIMEOUT,
            lambda: asyncio.all_tasks() - before - {own},
        )

    def seconds_of(self, fixture: "pytest.FixtureDef[Any]") -> float:
        """Return how long the fixture may take."""
        if not self._seconds:
            seconds = math.inf
        elif (fixture.func.__module__ or "").startswith("accord."):
            seconds = max(self._seconds * _WIDER, _OWN_SECONDS)
        elif fixture.scope == "function":
            seconds = self._seconds
        else:
            seconds = max(self._seconds * _WIDER, _WIDER_SECONDS)
        return min(seconds, INTERRUPTED_SECONDS) if self.was_interrupted else seconds

    def look_again(self, deadline: float) -> None:
        """Have a deadline that is sooner than the next look not be missed."""
        if deadline < self._wakes_at:
            self._news.set()

    def complete(
        self, coroutine: Coroutine[Any, Any, object], loop: asyncio.AbstractEventLoop, context: Context | None
    ) -> object:
        """Run a coroutine to its end; after Ctrl-C it cleans up first, and a second one gives that up.

        `asyncio.Runner.run` does the same with a signal handler for each, which takes longer to install than most steps
        do to run. Raises TimedOutError where a limit is reached.
        """
        __tracebackhide__ = True
        outer, limit = self._awaited, self.limit
        self._awaited = awaited = _Awaited(loop.create_task(coroutine, context=context), loop)
        try:
            value = loop.run_until_complete(awaited.task)
        except BaseException:
            self._settle(awaited)
            self._refuse(awaited, limit)
            raise
        finally:
            awaited.is_over = True
            self._awaited, self.limit = outer, limit
        self._refuse(awaited, limit)
        return value

    def _settle(self, awaited: _Awaited) -> None:
        """Have a task that was left half way come to its end, or give it up."""
        if not awaited.task.done() and math.isinf(awaited.deadline):
            awaited.cancel()
            self.look_again(awaited.deadline)
            with suppress(BaseException):
                awaited.loop.run_until_complete(awaited.task)
        if not awaited.task.done():
            self.abandon(awaited.task)

    def _refuse(self, awaited: _Awaited, limit: Limit | None) -> None:
        __tracebackhide__ = True
        if awaited.is_interrupted:
            raise KeyboardInterrupt from None
        # One that began in the task, and ended with it or stays in it.
        reached = self.limit if self.limit is not None and self.limit.sentence else limit
        if reached is not None and reached.sentence:
            raise TimedOutError(reached.sentence) from None

    def abandon(self, task: "asyncio.Task[Any]") -> None:
        """Wait for the task no more, here or where the event loop is closed."""
        drop_task(task)
        self.abandoned.append(task)

    def end_tasks(self, runner: asyncio.Runner) -> None:
        """Have the tasks and generators of the runner's loop end, or give them up, so that it can be closed."""
        loop = runner.get_loop()

        async def end() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            generators = asyncio.ensure_future(loop.shutdown_asyncgens())
            for task in tasks:
                task.cancel()
            await asyncio.wait([*tasks, generators], timeout=GRACE_SECONDS)
            for task in [*tasks, generators]:
                if not task.done():
                    self.abandon(task)

        with suppress(Exception):
            self.complete(end(), loop, None)
        if self.abandoned:
            # What it would tell of generators that stand still in these is nothing new.
            loop.set_exception_handler(lambda *_: None)
        if any(stacks.is_busy(thread) for thread in threading.enumerate()):
            # To close the loop is to wait for what its threads do. Another one has none.
            loop.set_default_executor(ThreadPoolExecutor(1))

    def _look(self) -> None:
        while not self._is_stopped:
            self._wakes_at = math.inf
            now = _CLOCKS[0]()
            limit, awaited = self._limit_and_awaited()
            due = min([it.deadline for it in (limit, awaited) if it is not None], default=math.inf)
            if due <= now:
                self._act(limit if limit is not None and limit.deadline <= now else None, awaited)
                continue
            self._wakes_at = min(due, now + _LOOKS_EVERY)
            self._news.wait(self._wakes_at - now)
            self._news.clear()

    def _limit_and_awaited(self) -> tuple[Limit | None, _Awaited | None]:
        return self.limit, self._awaited

    def _act(self, limit: Limit | None, awaited: _Awaited | None) -> None:
        """End what has reached its limit, or did not end when it was cancelled."""
        what = limit or awaited
        assert what is not None
        if limit is not None and self._is_debugged():
            limit.extend()
            return
        if awaited is not None and not awaited.is_over and self._ends_awaiting(what, limit, awaited):
            return
        if limit is not None and limit.sentence is None:
            limit.refuse(*stacks.told([stacks.of_thread(self._main)], self.rootpath))
        self._blocking = what
        for _ in range(INTERRUPTS):
            self._interrupt()
            if _wait_until(what, ANSWER_SECONDS):
                self._blocking = None
                return
        self._die(limit)

    def _ends_awaiting(self, what: Limit | _Awaited, limit: Limit | None, awaited: _Awaited) -> bool:
        """Have the event loop cancel what it runs, and give that up after a grace; tell whether it is over."""
        if limit is not None:
            if not self._asked(awaited, lambda: self._time_out(limit, awaited)):
                return what.is_over
            if _wait_until(what, GRACE_SECONDS):
                return True
        return self._asked(awaited, lambda: self._give_up(awaited)) and _wait_until(what, ANSWER_SECONDS)

    def _asked(self, awaited: _Awaited, do: Callable[[], None]) -> bool:
        """Have the event loop do it; tell whether it did, so that it is not blocked."""
        answered = threading.Event()

        def answer() -> None:
            if not awaited.is_over:
                do()
            answered.set()

        with suppress(RuntimeError):  # It is closed.
            awaited.loop.call_soon_threadsafe(answer)
        return answered.wait(ANSWER_SECONDS)

    def _time_out(self, limit: Limit, awaited: _Awaited) -> None:
        if limit.is_over or limit.sentence is not None:
            return
        found = [stack for task in limit.tasks() for stack in stacks.of_task(task)]
        limit.refuse(*stacks.told(found or stacks.of_task(awaited.task), self.rootpath))
        awaited.cancel()

    def _give_up(self, awaited: _Awaited) -> None:
        if self._awaited is awaited and not awaited.task.done():
            awaited.loop.stop()

    def _is_debugged(self) -> bool:
        if _REMOTE_DEBUGGERS.intersection(sys.modules):
            return True
        frame = sys._current_frames().get(self._main)
        while frame is not None:
            if frame.f_globals.get("__name__", "").partition(".")[0] in _DEBUGGERS:
                return True
            frame = frame.f_back
        return False

    def _interrupt(self) -> None:
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(self._main, _SIGNAL)
        else:
            _thread.interrupt_main(_SIGNAL)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._blocking is not None and not self._blocking.is_over:
            sentence = self.limit.sentence if self.limit is not None else None
            raise BlockedError(sentence or "interrupted", pytrace=False)

    def _on_ctrl_c(self, _number: int, _frame: FrameType | None) -> None:
        awaited = self._awaited
        self.was_interrupted = True
        if awaited is None or awaited.is_interrupted or awaited.task.done() or not awaited.loop.is_running():
            raise KeyboardInterrupt
        awaited.is_interrupted = True
        awaited.cancel()
        self.look_again(awaited.deadline)
        # It may wait for what happens outside.
        awaited.loop.call_soon_threadsafe(lambda: None)

    def _die(self, limit: Limit | None) -> NoReturn:
        """The main thread does not come back: say why, and end the process."""
        said = limit.sentence if limit is not None else None
        if said is None:
            waits, stack = stacks.told([stacks.of_thread(self._main)], self.rootpath)
            said = f"Ctrl-C was pressed, and what runs does not end: {waits}.\n{stack}"
        said = f"{said}\nIt does not end when it is interrupted, so the run ends here."
        with suppress(OSError):
            os.write(self._terminal, f"\n{said}\n".encode(errors="replace"))
        # What it needs may be held by the main thread.
        last = threading.Thread(target=self._say_last_words, args=(said,), daemon=True)
        last.start()
        last.join(LAST_WORDS_SECONDS)
        os._exit(pytest.ExitCode.INTERNAL_ERROR)

    def _say_last_words(self, why: str) -> None:
        for say in self.last_words:
            with suppress(Exception):
                say(why)


class _FixtureLimits:
    """The limit of a fixture's set-up, as a context manager, and that of its tear-down, as the first and last of it."""

    __slots__ = ("_fixture", "_limit", "_phase", "_watchdog")

    def __init__(self, watchdog: Watchdog, fixture: "pytest.FixtureDef[Any]") -> None:
        self._watchdog = watchdog
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
        self._limit = Limit(self._watchdog, self._name, self._watchdog.seconds_of(self._fixture))
        self._limit.begin()

    def end(self) -> None:
        self._limit.end()

    def _name(self) -> str:
        where = location(*defined_at(self._fixture.func), self._watchdog.rootpath)
        return f"The {self._phase} of the fixture `{self._fixture.argname}` ({where})"


def _wait_until(what: Limit | _Awaited, seconds: float) -> bool:
    """Wait until it is over, or so long; tell whether it is."""
    until = _CLOCKS[0]() + seconds
    while not what.is_over and _CLOCKS[0]() < until:
        threading.Event().wait(0.01)
    return what.is_over


# Those of the runs that are under way in this process: a run may run another one.
_WATCHDOGS: list[Watchdog] = []


def current() -> Watchdog | None:
    """Return the one of the run that is under way, if one is."""
    return _WATCHDOGS[-1] if _WATCHDOGS else None


WATCHDOG = pytest.StashKey[Watchdog]()
