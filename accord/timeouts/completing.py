"""How a coroutine runs to its end, and what becomes of one that does not come to it.

After Ctrl-C, or where a limit is reached, it is cancelled and cleans up; what swallows that is given up after a grace,
and the run goes on.
"""

import asyncio
import math
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from types import FrameType
from typing import Any, TypeVar

from accord.basics.clock import seconds as clock
from accord.compat.cpython import drop_task, run_task
from accord.errors import TimedOutError
from accord.timeouts import stacks
from accord.timeouts.limits import Limit, Limits

# How long something may take to end that was cancelled.
GRACE_SECONDS = 2

T = TypeVar("T")


class Awaited:
    """A task that the main thread runs the event loop for."""

    # One is made for each async step.
    __slots__ = ("deadline", "is_interrupted", "is_over", "loop", "task")

    def __init__(self, task: "asyncio.Task[Any]", loop: asyncio.AbstractEventLoop) -> None:
        self.task = task
        self.loop = loop
        # When it is to have ended, once it was cancelled.
        self.deadline = math.inf
        self.is_interrupted = False
        self.is_over = False

    def cancel(self) -> None:
        """Have it end, within a grace."""
        self.deadline = clock() + GRACE_SECONDS
        self.task.cancel()


class Completing:
    """Runs coroutines in the main thread, one within the other at most."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.awaited: Awaited | None = None
        """The innermost that runs."""
        self.abandoned: list[asyncio.Task[Any]] = []
        """Tasks that did not end when they were cancelled. They are held here: to drop one would run its code again."""

    def complete(
        self, coroutine: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop, context: Context | None
    ) -> T:
        """Run a coroutine to its end; after Ctrl-C it cleans up first, and a second one gives that up.

        `asyncio.Runner.run` does the same with a signal handler for each, which takes longer to install than most steps
        do to run. Where the loop runs already, as at the prompt of a debugger, what runs in it waits meanwhile. Raises
        TimedOutError where a limit is reached.
        """
        __tracebackhide__ = True
        outer, limit = self.awaited, self._limits.current
        self.awaited = awaited = Awaited(loop.create_task(coroutine, context=context), loop)
        try:
            value: T = run_task(awaited.task, loop)
        except BaseException:
            self._settle(awaited)
            self._check(awaited, limit)
            raise
        finally:
            awaited.is_over = True
            self.awaited, self._limits.current = outer, limit
        self._check(awaited, limit)
        return value

    def _settle(self, awaited: Awaited) -> None:
        """Have a task that was left half way come to its end, or give it up."""
        # If it has a deadline it was cancelled before, and had its grace.
        if not awaited.task.done() and math.isinf(awaited.deadline):
            awaited.cancel()
            self._limits.alarm.set(awaited.deadline)
            # What it raises while it ends matters less than what is raised already.
            with suppress(BaseException):
                run_task(awaited.task, awaited.loop)
        if not awaited.task.done():
            self.abandon(awaited.task)

    def _check(self, awaited: Awaited, limit: Limit | None) -> None:
        """Raise KeyboardInterrupt or TimedOutError if that is why it ended."""
        __tracebackhide__ = True
        if awaited.is_interrupted:
            # The task itself ended with a CancelledError, or not at all.
            raise KeyboardInterrupt from None
        # One that began in the task, and ended with it or stays in it.
        current = self._limits.current
        reached = current if current is not None and current.sentence else limit
        if reached is not None and reached.sentence:
            raise TimedOutError(reached.sentence) from None

    def abandon(self, task: "asyncio.Task[Any]") -> None:
        """No longer wait for the task, here or where the event loop is closed."""
        drop_task(task)
        self.abandoned.append(task)

    def end_tasks(self, runner: asyncio.Runner) -> None:
        """Have the tasks and generators of the runner's loop end, or give them up, so that it can be closed."""
        loop = runner.get_loop()

        async def end() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            # A generator that waits in its `finally` would hold the loop up as well.
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

    def on_ctrl_c(self, _number: int, frame: FrameType | None) -> None:
        """Cancel what is awaited, once; a second Ctrl-C, and one where nothing is awaited, is a KeyboardInterrupt.

        So is one in a debugger, which takes it: nothing ends by that but the line that was typed.
        """
        if stacks.is_debugged(frame):
            raise KeyboardInterrupt
        awaited = self.awaited
        self._limits.was_interrupted = True
        if awaited is None or awaited.is_interrupted or awaited.task.done() or not awaited.loop.is_running():
            raise KeyboardInterrupt
        awaited.is_interrupted = True
        awaited.cancel()
        self._limits.alarm.set(awaited.deadline)
        # The loop may be asleep until something happens outside, and this wakes it.
        awaited.loop.call_soon_threadsafe(lambda: None)
