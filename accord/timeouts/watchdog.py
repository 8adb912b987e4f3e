"""Every run ends: a thread looks whether the time of what runs is over, and ends what takes longer.

What awaits is cancelled and fails with where it waited. What blocks the event loop, or is no coroutine, is interrupted
by a signal that nothing else uses. Where the main thread itself does not come back, the process ends with what it was
doing written to the terminal, as faulthandler has it.
"""

import _thread
import math
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

import pytest

from accord.basics.clock import seconds as clock
from accord.errors import BlockedError
from accord.timeouts import stacks
from accord.timeouts.completing import GRACE_SECONDS, Awaited, Completing
from accord.timeouts.limits import (
    LIFESPAN_SECONDS,
    LIFESPAN_TIMEOUT,
    STEP_SECONDS,
    TIMEOUT,
    Limit,
    Limits,
    seconds_of,
)

# How long the event loop may take to answer before it counts as blocked.
ANSWER_SECONDS = 1
# How often what blocks is interrupted, once a second, before the process ends.
INTERRUPTS = 5
# How long it may take to publish the run when its process is about to end.
LAST_WORDS_SECONDS = 20

_LOOKS_EVERY = 60.0
_REMOTE_DEBUGGERS = {"debugpy", "pydevd"}
# Nothing else uses it, and by itself it does nothing. Windows has another one.
_SIGNAL: Any = getattr(signal, "SIGURG", None) or getattr(signal, "SIGBREAK", None)


def of(config: pytest.Config) -> "Watchdog":
    """Return the watchdog that the configuration asks for. Raises pytest.UsageError for what is not seconds."""
    step = seconds_of(config, TIMEOUT, STEP_SECONDS)
    return Watchdog(Limits(step, seconds_of(config, LIFESPAN_TIMEOUT, LIFESPAN_SECONDS), config.rootpath))


class Watchdog:
    """Watches what runs in this process, in the thread that calls `start`, until what that returned is called."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.completing = Completing(limits)
        self.last_words: list[Callable[[str], None]] = []
        """Called with the reason when the process is about to end because the main thread does not come back."""
        self._is_stopped = False
        self._blocking: Limit | Awaited | None = None
        self._terminal = 2

    def start(self) -> Callable[[], None]:
        """Start to watch; return what stops it."""
        self._main = threading.get_ident()
        with suppress(OSError):
            # pytest leads this one elsewhere while tests run.
            self._terminal = os.dup(2)
        previous: dict[signal.Signals, Any] = {}
        # Python sets signal handlers in the main thread only.
        if threading.current_thread() is threading.main_thread():
            handlers: dict[Any, Any] = {_SIGNAL: self._on_signal}
            # Whoever has set another handler means to keep it.
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                handlers[signal.SIGINT] = self.completing.on_ctrl_c
            previous = {number: signal.signal(number, handler) for number, handler in handlers.items() if number}
        _WATCHDOGS.append(self)
        thread = threading.Thread(target=self._look, name="accord watchdog", daemon=True)
        thread.start()

        def stop() -> None:
            self._is_stopped = True
            self.limits.alarm.set()
            thread.join(ANSWER_SECONDS)
            _WATCHDOGS.remove(self)
            for number, handler in previous.items():
                signal.signal(number, handler)
            if self._terminal != 2:
                os.close(self._terminal)

        return stop

    def _look(self) -> None:
        alarm = self.limits.alarm
        while not self._is_stopped:
            alarm.prepare()
            now = clock()
            limit, awaited = self._limit_and_awaited()
            due = min([it.deadline for it in (limit, awaited) if it is not None], default=math.inf)
            if due <= now:
                self._act(limit if limit is not None and limit.deadline <= now else None, awaited)
            else:
                alarm.wait(min(due, now + _LOOKS_EVERY))

    def _limit_and_awaited(self) -> tuple[Limit | None, Awaited | None]:
        return self.limits.current, self.completing.awaited

    def _act(self, limit: Limit | None, awaited: Awaited | None) -> None:
        """End what has reached its limit, or did not end when it was cancelled."""
        what = limit or awaited
        assert what is not None
        # The limit is not meant for a person at a debugger.
        if limit is not None and (self.limits.is_debugged or _is_debugged(self._main)):
            self.limits.is_debugged = True
            limit.extend()
            return
        if awaited is not None and not awaited.is_over and self._ends_awaiting(what, limit, awaited):
            return
        # The sentence is set before the interrupt, since the main thread reads it in the signal's handler.
        if limit is not None and limit.sentence is None:
            limit.time_out(*self._where_main_is())
        self._blocking = what
        for _ in range(INTERRUPTS):
            _interrupt(self._main)
            if _wait_until_over(what, ANSWER_SECONDS):
                self._blocking = None
                return
        self._end_process(limit)

    def _ends_awaiting(self, what: Limit | Awaited, limit: Limit | None, awaited: Awaited) -> bool:
        """Have the event loop cancel what it runs, and give that up after a grace; return whether it is over."""
        if limit is not None:
            if not _do_in_loop(awaited, lambda: self._time_out(limit, awaited)):
                return what.is_over
            if _wait_until_over(what, GRACE_SECONDS):
                return True
        return _do_in_loop(awaited, lambda: self._give_up(awaited)) and _wait_until_over(what, ANSWER_SECONDS)

    def _time_out(self, limit: Limit, awaited: Awaited) -> None:
        if limit.is_over or limit.sentence is not None:
            return
        found = [stack for task in limit.tasks() for stack in stacks.of_task(task)]
        limit.time_out(*stacks.describe(found or stacks.of_task(awaited.task), self.limits.rootpath))
        awaited.cancel()

    def _give_up(self, awaited: Awaited) -> None:
        if self.completing.awaited is awaited and not awaited.task.done():
            awaited.loop.stop()

    def _where_main_is(self) -> tuple[str, str]:
        return stacks.describe([stacks.of_thread(self._main)], self.limits.rootpath)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._blocking is not None and not self._blocking.is_over:
            sentence = self.limits.current.sentence if self.limits.current is not None else None
            raise BlockedError(sentence or "interrupted", pytrace=False)

    def _end_process(self, limit: Limit | None) -> NoReturn:
        """The main thread does not come back: say why, and end the process."""
        why = limit.sentence if limit is not None else None
        if why is None:
            waits, stack = self._where_main_is()
            why = f"Ctrl-C was pressed, and what runs does not end: {waits}.\n{stack}"
        why = f"{why}\nIt does not end when it is interrupted, so the run ends here."
        with suppress(OSError):
            # Straight to the terminal, since the main thread may hold the locks of `sys.stderr`.
            os.write(self._terminal, f"\n{why}\n".encode(errors="replace"))
        # What it needs may be held by the main thread.
        last = threading.Thread(target=self._say_last_words, args=(why,), daemon=True)
        last.start()
        last.join(LAST_WORDS_SECONDS)
        os._exit(pytest.ExitCode.INTERNAL_ERROR)

    def _say_last_words(self, why: str) -> None:
        for say in self.last_words:
            with suppress(Exception):
                say(why)


def _do_in_loop(awaited: Awaited, do: Callable[[], None]) -> bool:
    """Have the event loop do it; return whether it did, so that it is not blocked."""
    is_done = threading.Event()

    def done() -> None:
        if not awaited.is_over:
            do()
        is_done.set()

    with suppress(RuntimeError):  # It is closed.
        awaited.loop.call_soon_threadsafe(done)
    return is_done.wait(ANSWER_SECONDS)


def _wait_until_over(what: Limit | Awaited, at_most: float) -> bool:
    """Wait until it is over, or so many seconds; return whether it is."""
    until = clock() + at_most
    while not what.is_over and clock() < until:
        threading.Event().wait(0.01)
    return what.is_over


def _is_debugged(thread: int) -> bool:
    # They stop the thread from outside, so that no frame shows it.
    if _REMOTE_DEBUGGERS.intersection(sys.modules):
        return True
    return stacks.is_debugged(sys._current_frames().get(thread))


def _interrupt(thread: int) -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(thread, _SIGNAL)
    else:
        # Windows cannot send a signal to a thread.
        _thread.interrupt_main(_SIGNAL)


# Those of the runs that are under way in this process: a run may run another one.
_WATCHDOGS: list[Watchdog] = []


def current() -> Watchdog | None:
    """Return the one of the run that is under way, if one is."""
    return _WATCHDOGS[-1] if _WATCHDOGS else None


WATCHDOG = pytest.StashKey[Watchdog]()
