"""What a step, or a request, starts and forgets: a coroutine that is never awaited, a task whose end nobody sees.

Python warns of the one and logs the other, each where it is dropped, and the scenario passes. Here it fails.
"""

import asyncio
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import AsyncGeneratorType, CodeType, CoroutineType
from typing import Any

import pytest

from accord.basics.failures import text_of
from accord.basics.source import code_of, location
from accord.compat.cpython import Gathering, generator_of, is_closing_of_loop, replace_unawaited_warning
from accord.errors import NeverAwaitedError
from accord.running import Running, Served, served_by
from accord.steps import background
from accord.timeouts.stacks import REQUEST, describe, is_of_project, of_task

# As Python and pytest have it: 'coroutine' object has no attribute 'json', <coroutine object get at 0x7f3c>.
_OF_COROUTINE = re.compile(r"'coroutine'|<coroutine object ")
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
        self._findings = _Findings(running, rootpath)
        self._tasks: Tasks = {}

    def install(self) -> Callable[[], None]:
        """Have Python report coroutines here, with the line that called them; return what undoes it."""

        def reporting(report: Callable[[Any], None]) -> Callable[[Any], None]:
            def add_or_report(coroutine: Any) -> None:
                # What a plain test drops is Python's affair, and so is what is dropped between two scenarios.
                if self._running.scenario is None:
                    report(coroutine)
                else:
                    self._findings.add_dropped(coroutine)

            return add_or_report

        undo = replace_unawaited_warning(reporting)
        # One frame is the call; asyncio's debug mode tracks ten.
        depth = sys.get_coroutine_origin_tracking_depth()
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
                self._findings.add_failed(context["future"], context["exception"])
            elif previous is not None:
                previous(loop, context)
            else:
                loop.default_exception_handler(context)

        loop.set_exception_handler(handle)
        yield
        loop.set_exception_handler(previous)

    def begin(self) -> None:
        """From here on, what is dropped is this scenario's."""
        self._findings.has_failed = False

    def begin_step(self, function: Callable[..., object]) -> None:
        """From here on, what is dropped is this step's, unless an earlier one called it."""
        if code := code_of(function):
            self._findings.steps.append((self._running.name, code))

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
        # Those of requests are looked at once the steps are over, and those of the app's startup are its own; what the
        # loop begins by itself, nobody can await.
        begun = [
            task
            for task in asyncio.all_tasks(loop) - before
            if served_by(task) is None and not is_closing_of_loop(task)
        ]
        tasks.update(dict.fromkeys(begun, self._running.name))

    def expect(self, tasks: Tasks) -> None:
        """A later step may await the tasks."""
        self._tasks.update(tasks)

    def cancel(self, tasks: Tasks) -> None:
        """Cancel the tasks that still run, and note them."""
        for task, step in tasks.items():
            if task.cancel():
                self._findings.add_running(task, step)
        tasks.clear()

    async def await_background(self, loop: asyncio.AbstractEventLoop) -> list[asyncio.Task[Any]]:
        """Wait for the tasks that requests have left; note those that do not end, and return what cannot be ended."""
        running = await background.wait(loop, self._is_of_project)
        for task, served in running.items():
            self._findings.add_background(task, served)
        return await background.cancel(running)

    def _is_of_project(self, task: asyncio.Task[Any]) -> bool:
        return is_of_project(task, self._rootpath)

    def check_result(self, result: object) -> None:
        """Note a coroutine that an async step gave in place of its outcome."""
        if isinstance(result, CoroutineType):
            self._findings.add_dropped(result)
            # Python would report it once more when it is dropped.
            result.close()

    def check(self) -> None:
        """Raise NeverAwaitedError for what was noticed."""
        if sentences := self._findings.take():
            raise NeverAwaitedError(sentences)

    def end_steps(self) -> None:
        """The steps are over. Raises NeverAwaitedError for a task that still runs."""
        self.cancel(self._tasks)
        self.check()

    def end(self) -> str:
        """The scenario's fixtures are gone: return sentences on what they left unawaited, or an empty text."""
        self._findings.steps.clear()
        return self._findings.take()

    def explain(self, error: BaseException) -> None:
        """Note on an error that comes of a coroutine, taken for its outcome, which call it was."""
        if _OF_COROUTINE.search(text_of(error)) is None:
            return
        for coroutine in _not_begun(error):
            self._findings.add_dropped(coroutine, by_last_step=True)
        for sentence in self._findings.take().splitlines():
            error.add_note(sentence)

    def give_up(self, error: BaseException) -> None:
        """The scenario failed, or is skipped: say no more of it, and drop what would be dropped in the next one."""
        # What a forgotten call was given is dropped with it; the failure itself is what helps.
        self._findings.has_failed = True
        # pytest keeps the traceback until the run ends, and with its frames the coroutines in them. In a test that has
        # no part in Accord they may be another plugin's, which goes on with them, as anyio's does.
        if self._running.uses_accord:
            traceback.clear_frames(error.__traceback__)
        loop = self._running.serving_loop
        own = () if loop is None else filter(self._is_of_project, background.left(loop))
        for task in [*self._tasks, *own]:
            task.cancel()
        self._tasks.clear()
        self._findings.take()


def _not_begun(error: BaseException) -> Iterator[Any]:
    """Yield the coroutines that no one has begun to await, from what an error and the frames of its traceback have."""
    # An AttributeError has the object that lacks the attribute.
    values = [getattr(error, "obj", None)]
    for frame, _line in traceback.walk_tb(error.__traceback__):
        values += frame.f_locals.values()
    for value in values:
        if isinstance(value, CoroutineType) and inspect.getcoroutinestate(value) == inspect.CORO_CREATED:
            yield value


class _Findings:
    """What was noticed, in sentences that name the step and the call."""

    def __init__(self, running: Running, rootpath: Path) -> None:
        self.has_failed = False
        """Whether the scenario has: nothing more is said of it."""
        self.steps: list[tuple[str, CodeType]] = []
        """The steps of the scenario so far, with their code."""
        self._running = running
        self._rootpath = rootpath
        self._sentences: dict[str, str] = {}

    def take(self) -> str:
        """Return all sentences, and forget them."""
        sentences = "\n".join(self._sentences.values())
        self._sentences.clear()
        return sentences

    def add_dropped(self, coroutine: Any, *, by_last_step: bool = False) -> None:
        """Add a coroutine that nobody awaited; the step that ran last made it, if none of them has it in its lines."""
        what, where = self._call(coroutine)
        last = self.steps[-1][0] if by_last_step and self.steps else self._running.name
        caller = self._caller(coroutine, last)
        self._add(where, f"{caller} never awaits {what}, {where}, so it never ran: write `await` before the call.")

    def add_failed(self, future: asyncio.Future[Any], error: BaseException) -> None:
        """Add a task, or what was gathered, that failed while nobody looked."""
        if not isinstance(future, asyncio.Task):
            sentence = f"{self._running.name} gathers what failed unseen with {text_of(error, repr)}"
            self._add("gathered", f"{sentence}: await `asyncio.gather(...)`.")
            return
        coroutine = future.get_coro()
        what, where = self._call(coroutine)
        if (served := served_by(future)) is not None:
            self._add_failed_of_app(future, served, f"{what}, {where}", text_of(error, repr))
            return
        self._add(
            where,
            f"{self._caller(coroutine, self._running.name)} never sees that the task {what}, {where}, failed with "
            f"{text_of(error, repr)}: await the task in a step.",
        )

    def add_running(self, task: asyncio.Task[Any], step: str) -> None:
        """Add a task that was still running when its step, or the last one, had ended."""
        what, where = self._call(task.get_coro())
        # It replaces what was said of the same call before: that it runs on says more.
        self._sentences[where] = (
            f"{step} leaves {what}, {where}, running as a task, and nobody sees how it ends: "
            "await the task in a step, or cancel it in the step's own clean-up."
        )

    def _add_failed_of_app(self, task: asyncio.Task[Any], served: Served, called: str, error: str) -> None:
        if task.get_name().startswith(REQUEST):
            sentence = f"{served.name} failed with {error}, and nobody saw it: read its response, or close it."
        else:
            sentence = (
                f"{served.name} started the task {called}, which failed with {error}, and nobody saw it: handle the "
                "error in the task."
            )
        self._add(called, sentence)

    def add_background(self, task: asyncio.Task[Any], served: Served) -> None:
        """Add a task that a request has left, and that did not end."""
        what, where = self._call(task.get_coro())
        waits, _stack = describe(of_task(task), self._rootpath)
        self._add(
            where,
            f"{served.name} started the task {what}, {where}, which had not ended after {background.SECONDS:g} more "
            f"seconds: {waits}. See that it ends, or start it in the app's startup if it is to run as long as the app.",
        )

    def _add(self, where: str, sentence: str) -> None:
        # What a forgotten call was given is dropped with it; the call itself comes first.
        if not self.has_failed:
            self._sentences.setdefault(where, sentence)

    def _call(self, coroutine: Any) -> tuple[str, str]:
        """Return what was called, and where."""
        called = coroutine if hasattr(coroutine, "cr_code") else generator_of(coroutine)
        if called is None:  # of a class of its own, as a library may write one
            return type(coroutine).__qualname__, "wherever it was called"
        # A function inside a step would have the step's name before its own.
        name = called.__qualname__.rpartition("<locals>.")[2]
        if origin := getattr(called, "cr_origin", None):
            verb, (file, line, _function) = "called", origin[0]
        else:  # In a thread, nobody keeps track of calls, and nowhere of those of generators.
            code = called.ag_code if isinstance(called, AsyncGeneratorType) else called.cr_code
            verb, file, line = "defined", code.co_filename, code.co_firstlineno
        return name, f"{verb} at {location(file, line, self._rootpath)}"

    def _caller(self, coroutine: Any, otherwise: str) -> str:
        """Return the step in whose lines it was called, or else another name: a helper or fixture called it."""
        for file, line, _function in getattr(coroutine, "cr_origin", None) or []:
            for step, code in reversed(self.steps):
                last = max(number for *_, number in code.co_lines() if number is not None)
                if code.co_filename == file and code.co_firstlineno <= line <= last:
                    return step
        return otherwise


UNAWAITED = pytest.StashKey[Unawaited]()
