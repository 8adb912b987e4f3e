"""`async def` steps, and async generator steps, run on the session's event loop.

Sync steps stay as pytest-bdd runs them. An async step runs in a copy of the context; what it changes in context
variables is applied to the scenario's own context, so that later steps see it, sync ones too, and is taken back when
the scenario ends. That is how pytest-asyncio treats async fixtures.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context, ContextVar, Token, copy_context
from pathlib import Path
from types import AsyncGeneratorType, TracebackType

import pytest

from accord.internals import StepCall, replace_step_call

_ENGINE = (str(Path(asyncio.__file__).parent), __file__)


def install() -> Callable[[], None]:
    """Have pytest-bdd await its steps; return what undoes it."""
    return replace_step_call(_awaiting)


def _awaiting(call: StepCall) -> StepCall:
    def call_step(fixturefunc: Callable[..., object], request: pytest.FixtureRequest, kwargs: object) -> object:
        __tracebackhide__ = True
        # What comes back is looked at, not the function: a decorated or partial one hides that it is async.
        result = call(fixturefunc=fixturefunc, request=request, kwargs=kwargs)
        if isinstance(result, AsyncGeneratorType):
            return _enter(result, request)
        if inspect.isawaitable(result):
            return _run(result, request, _scenario_context(request))
        return result

    return call_step


def _enter(step: AsyncGeneratorType[object, None], request: pytest.FixtureRequest) -> object:
    """Run the step to its yield, and the rest when the scenario ends."""
    __tracebackhide__ = True
    context = _scenario_context(request)

    def leave() -> None:
        __tracebackhide__ = True
        with suppress(StopAsyncIteration):
            _run(anext(step), request, context)
            code = step.ag_code
            pytest.fail(f"{code.co_filename}:{code.co_firstlineno}: a step yields once at most", pytrace=False)

    try:
        value = _run(anext(step), request, context)
    except StopAsyncIteration:
        return None
    request.addfinalizer(leave)
    return value


def _run(awaitable: Awaitable[object], request: pytest.FixtureRequest, context: Context) -> object:
    __tracebackhide__ = True
    loop: asyncio.AbstractEventLoop = request.getfixturevalue("session_loop")
    task = loop.create_task(_outcome(awaitable), context=context)
    try:
        return loop.run_until_complete(task)
    except BaseException as error:
        if not task.done():  # Ctrl-C: the step cleans up before the fixtures under it do.
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        raise error.with_traceback(_from_step(error.__traceback__)) from error.__cause__
    finally:
        _apply(context, request)


async def _outcome(awaitable: Awaitable[object]) -> object:
    return await awaitable


def _scenario_context(request: pytest.FixtureRequest) -> Context:
    # The loop's fixture comes first, so that its own changes of context are not taken for the step's.
    request.getfixturevalue("session_loop")
    return copy_context()


def _apply(context: Context, request: pytest.FixtureRequest) -> None:
    """Apply the step's changes of context variables, to be taken back when the scenario ends."""
    current = copy_context()
    changed: list[tuple[ContextVar[object], Token[object]]] = [
        (variable, variable.set(value))
        for variable, value in context.items()
        if variable not in current or current[variable] is not value
    ]

    def take_back() -> None:
        for variable, token in reversed(changed):
            variable.reset(token)

    if changed:
        request.addfinalizer(take_back)


def _from_step(traceback: TracebackType | None) -> TracebackType | None:
    """Cut the event loop's frames, so that a failure starts at the step."""
    while traceback is not None and traceback.tb_next is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(_ENGINE):
            break
        traceback = traceback.tb_next
    return traceback
