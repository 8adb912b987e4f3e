"""How a step is called: `async def` steps, and async generator steps, on the session's event loop.

Sync steps stay as pytest-bdd runs them. An async step runs in a copy of the context; what it changes in context
variables is applied to the scenario's own context, so that later steps see it, sync ones too, and is taken back when
the scenario ends. That is how pytest-asyncio treats async fixtures.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context, ContextVar, Token, copy_context
from types import AsyncGeneratorType, CodeType, TracebackType
from typing import Any, NoReturn, TypeVar

import pytest

from accord.compat.pytest_bdd import call_step
from accord.running import Running
from accord.steps import background
from accord.steps.generators import GeneratorStep
from accord.steps.unawaited import Unawaited
from accord.timeouts.watchdog import Watchdog

# Packages whose frames are not shown in a failure: nothing in them is the project's.
_ENGINE = (
    "_pytest.",
    "accord.compat.",
    "accord.gherkin.",
    "accord.steps.",
    "accord.timeouts.",
    "asyncio.",
    "pluggy.",
    "pytest_asyncio.",
    "pytest_bdd.",
)
T = TypeVar("T")


class Calls:
    """Calls step functions: awaits what is async, for as long as it may take, and notices what it leaves unawaited."""

    def __init__(self, running: Running, unawaited: Unawaited, watchdog: Watchdog | None) -> None:
        self._running = running
        self._unawaited = unawaited
        self._watchdog = watchdog

    def call(
        self, function: Callable[..., object], request: pytest.FixtureRequest, arguments: dict[str, object]
    ) -> object:
        """Return what the step returns or yields. Raises NeverAwaitedError, TimedOutError, and what it raises."""
        __tracebackhide__ = True
        with self._limiting(self._running.name, function):
            # What comes back is looked at, not the function: a decorated or partial one hides that it is async.
            result = call_step(function, request, arguments)
            if isinstance(result, AsyncGeneratorType):
                result = self._enter(result, request)
            elif inspect.isawaitable(result):
                result = self._run(result, request)
        # After the time limit: what was forgotten is not why a step takes long.
        self._unawaited.check()
        return result

    def await_background(self) -> None:
        """Have the tasks that requests of the test have left come to their end; those that do not are noted."""
        __tracebackhide__ = True
        loop = self._running.serving_loop
        if loop is not None and not loop.is_closed() and background.left(loop):
            self._end(self._unawaited.await_background(loop), loop)

    def end_requests(self) -> None:
        """End the requests that the test has left under way, such as a WebSocket that is open, and their tasks."""
        __tracebackhide__ = True
        loop = self._running.serving_loop
        if loop is not None and not loop.is_closed() and (tasks := background.of_requests(loop)):
            self._end(background.cancel(tasks), loop)

    def _end(self, ending: Awaitable[list[asyncio.Task[Any]]], loop: asyncio.AbstractEventLoop) -> None:
        __tracebackhide__ = True
        with self._limiting(f"{self._running.test}, after its steps,"):
            running = self._complete(ending, loop, copy_context())
        if self._watchdog is not None:
            for task in running:
                # The next test would wait for it again.
                self._watchdog.completing.abandon(task)

    def _limiting(self, name: str, function: Callable[..., object] | None = None) -> AbstractContextManager[object]:
        return nullcontext() if self._watchdog is None else self._watchdog.limits.step(name, function)

    def _enter(self, step: AsyncGeneratorType[object, None], request: pytest.FixtureRequest) -> object:
        """Run the step to its yield, and the rest, in the same context, when the scenario ends."""
        __tracebackhide__ = True
        loop, context, name = self._loop(request), copy_context(), self._running.name
        generator = GeneratorStep(step, context)
        with self._unawaited.begun(loop) as tasks:
            value = self._complete(generator.enter(), loop, context)
        # It goes on when the scenario ends.
        tasks.pop(generator.task, None)
        self._unawaited.check_result(value)
        _apply(context, request)

        def leave() -> None:
            __tracebackhide__ = True
            with self._limiting(f"{name}, after its `yield`,"):
                if not self._complete(generator.leave(), loop, context):
                    self._complete(step.aclose(), loop, context)
                    _fail_for_second_yield(step.ag_code)
            self._unawaited.cancel(tasks)

        request.addfinalizer(leave)
        return value

    def _run(self, step: Awaitable[object], request: pytest.FixtureRequest) -> object:
        __tracebackhide__ = True
        try:
            loop = self._loop(request)
        except BaseException:
            if inspect.iscoroutine(step):
                step.close()  # Python would add that it was never awaited.
            raise
        context = copy_context()
        with self._unawaited.begun(loop) as tasks:
            value = self._complete(step, loop, context)
        self._unawaited.expect(tasks)
        self._unawaited.check_result(value)
        _apply(context, request)
        return value

    def _loop(self, request: pytest.FixtureRequest) -> asyncio.AbstractEventLoop:
        __tracebackhide__ = True
        # The fixture is asked once a run, since that takes longer than many a step.
        loop: asyncio.AbstractEventLoop = self._running.loop or request.getfixturevalue("session_loop")
        return loop

    def _complete(self, awaitable: Awaitable[T], loop: asyncio.AbstractEventLoop, context: Context) -> T:
        __tracebackhide__ = True
        # A task takes a coroutine only, and a step may return any awaitable.
        coroutine = _outcome(awaitable)
        try:
            if self._watchdog is None:
                return loop.run_until_complete(loop.create_task(coroutine, context=context))
            return self._watchdog.completing.complete(coroutine, loop, context)
        except BaseException as error:
            error.__traceback__ = from_step(error.__traceback__)
            raise


def from_step(traceback: TracebackType | None) -> TracebackType | None:
    """Cut the frames that lead to the step, or to the fixture that it asked for."""
    while traceback is not None and traceback.tb_next is not None:
        frame = traceback.tb_frame
        is_hidden = "__tracebackhide__" in frame.f_code.co_varnames
        if not is_hidden and not frame.f_globals.get("__name__", "").startswith(_ENGINE):
            break
        traceback = traceback.tb_next
    return traceback


def _fail_for_second_yield(code: CodeType) -> NoReturn:
    location = f"{code.co_filename}:{code.co_firstlineno}"
    pytest.fail(f"{location}: the step yields twice: what follows its one yield is its teardown.", pytrace=False)


async def _outcome(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _apply(context: Context, request: pytest.FixtureRequest) -> None:
    """Apply the step's changes of context variables, to be taken back when the scenario ends."""
    current = copy_context()
    changed: list[tuple[ContextVar[object], Token[object]]] = [
        (variable, variable.set(value))
        for variable, value in context.items()
        # By identity, since values may compare in any way of their own.
        if variable not in current or current[variable] is not value
    ]

    def take_back() -> None:
        for variable, token in changed:
            variable.reset(token)

    if changed:
        request.addfinalizer(take_back)
