"""What a step starts and forgets: a coroutine that is never awaited, a task whose end nobody sees.

Python warns of the one and logs the other, each where it is dropped, and the scenario passes. Here it fails.
"""

import asyncio
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, CoroutineType
from typing import Any

import pytest

from accord.basics.failures import text_of
from accord.basics.source import code_of, location
from accord.compat.cpython import Gathering, replace_unawaited_warning
from accord.errors import NeverAwaitedError
from accord.running import Running

Tasks = dict[asyncio.Task[Any], str]
"""Tasks, each with the step that began it."""


class Unawaited:
    """Notices what a scenario starts and does not await.

    A coroutine is noticed where Python drops it: mostly in the step that called it, at the latest with the scenario's
    fixtures. One that a reference cycle or a module keeps is noticed later, when Python drops it.
    """

    def __init__(self, running: Running, rootpath: Path) -> None:
        self._running = running
        self._rootpath = rootpath
        self._has_failed = False
        self._steps: list[tuple[str, CodeType]] = []
        self._tasks: Tasks = {}
        self._noted: dict[str, str] = {}

    def install(self) -> Callable[[], None]:
        """Have Python report coroutines here, with the line that called them; return what undoes it."""
        undo = replace_unawaited_warning(self._reporting)
        depth = sys.get_coroutine_origin_tracking_depth()
        # One frame is the call; asyncio's debug mode tracks ten.
        sys.set_coroutine_origin_tracking_depth(max(depth, 1))

        def uninstall() -> None:
            sys.set_coroutine_origin_tracking_depth(depth)
            undo()

        return uninstall

    @contextmanager
    def listening(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Have the loop report here what fails unseen."""
        previous = loop.get_exception_handler()

        def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            if self._running.scenario is not None and isinstance(context.get("future"), (asyncio.Task, Gathering)):
                self._note_failed(context["future"], context["exception"])
            elif previous is not None:
                previous(loop, context)
            else:
                loop.default_exception_handler(context)

        loop.set_exception_handler(handle)
        yield
        loop.set_exception_handler(previous)

    def begin(self) -> None:
        """From here on, what is dropped is this scenario's."""
        self._has_failed = False

    def begin_step(self, function: Callable[..., object]) -> None:
        """From here on, what is dropped is this step's, unless an earlier one called it."""
        if code := code_of(function):
            self._steps.append((self._running.name, code))

    def check(self) -> None:
        """Raise NeverAwaitedError for what was noticed."""
        if self._noted:
            raise NeverAwaitedError(self._sentences())

    def end_steps(self) -> None:
        """The steps are over. Raises NeverAwaitedError for a task that still runs."""
        self.note_running(self._tasks)
        self.check()

    def end(self) -> str:
        """The scenario's fixtures are gone: return sentences on what they left unawaited, or an empty text."""
        self._steps.clear()
        return self._sentences()

    def give_up(self, error: BaseException) -> None:
        """The scenario failed, or is skipped: say no more of it, and drop what would be dropped in the next one."""
        self._has_failed = True
        # pytest keeps the traceback until the run ends, and with its frames the coroutines in them.
        traceback.clear_frames(error.__traceback__)
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._noted.clear()

    @contextmanager
    def begun(self, loop: asyncio.AbstractEventLoop) -> Iterator[Tasks]:
        """Give the tasks that are begun in the block and run on after it; where it fails, they are cancelled."""
        before = asyncio.all_tasks(loop)
        tasks: Tasks = {}
        try:
            yield tasks
        except BaseException:
            for task in asyncio.all_tasks(loop) - before:
                task.cancel()
            raise
        tasks.update(dict.fromkeys(asyncio.all_tasks(loop) - before, self._running.name))

    def expect(self, tasks: Tasks) -> None:
        """A later step may await the tasks."""
        self._tasks.update(tasks)

    def note_running(self, tasks: Tasks) -> None:
        """Cancel the tasks that still run, and note them."""
        for task, step in tasks.items():
            if task.cancel():
                what, where = self._called(task.get_coro())
                self._noted[where] = (
                    f"{step} leaves {what}, {where}, running as a task, and nobody sees how it ends: "
                    "await the task in a step, or cancel it in the step's own clean-up."
                )
        tasks.clear()

    def note_result(self, result: object) -> None:
        """Note a coroutine that an async step gave in place of its outcome."""
        if isinstance(result, CoroutineType):
            self._note_dropped(result)
            # Python would report it once more when it is dropped.
            result.close()

    def _sentences(self) -> str:
        sentences = "\n".join(self._noted.values())
        self._noted.clear()
        return sentences

    def _reporting(self, report: Callable[[Any], None]) -> Callable[[Any], None]:
        def note_or_report(coroutine: Any) -> None:
            # Of plain tests and of fixtures between scenarios Python warns as ever.
            if self._running.scenario is None:
                report(coroutine)
            else:
                self._note_dropped(coroutine)

        return note_or_report

    def _note_dropped(self, coroutine: Any) -> None:
        what, where = self._called(coroutine)
        self._note(
            where,
            f"{self._caller(coroutine)} never awaits {what}, {where}, so it never ran: write `await` before the call.",
        )

    def _note_failed(self, future: asyncio.Future[Any], error: BaseException) -> None:
        if not isinstance(future, asyncio.Task):
            self._note(
                "gathered",
                f"{self._running.name} gathers what failed unseen with {text_of(error, repr)}: "
                "await `asyncio.gather(...)`.",
            )
            return
        coroutine = future.get_coro()
        what, where = self._called(coroutine)
        self._note(
            where,
            f"{self._caller(coroutine)} never sees that the task {what}, {where}, failed with {text_of(error, repr)}: "
            "await the task in a step.",
        )

    def _note(self, where: str, sentence: str) -> None:
        # What a forgotten call was given is dropped with it; the call itself comes first.
        if not self._has_failed:
            self._noted.setdefault(where, sentence)

    def _called(self, coroutine: Any) -> tuple[str, str]:
        """Return what it is, and where it was called."""
        # A function inside a step would have the step's name before its own.
        name = coroutine.__qualname__.rpartition("<locals>.")[2]
        if origin := getattr(coroutine, "cr_origin", None):
            verb, (file, line, _function) = "called", origin[0]
        else:  # In a thread, nobody keeps track of calls.
            verb, file, line = "defined", coroutine.cr_code.co_filename, coroutine.cr_code.co_firstlineno
        return name, f"{verb} at {location(file, line, self._rootpath)}"

    def _caller(self, coroutine: Any) -> str:
        """Return the step in whose lines it was called, or else the one that runs: a helper or fixture called it."""
        for file, line, _function in getattr(coroutine, "cr_origin", None) or []:
            for step, code in reversed(self._steps):
                last = max(number for *_, number in code.co_lines() if number is not None)
                if code.co_filename == file and code.co_firstlineno <= line <= last:
                    return step
        return self._running.name


UNAWAITED = pytest.StashKey[Unawaited]()
