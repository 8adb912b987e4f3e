"""How a step is found, and run: `async def` steps, and async generator steps, on the session's event loop.

A sentence that two step definitions match is refused, wherever they stand; pytest-bdd picks one.

Sync steps stay as pytest-bdd runs them. An async step runs in a copy of the context; what it changes in context
variables is applied to the scenario's own context, so that later steps see it, sync ones too, and is taken back when
the scenario ends. That is how pytest-asyncio treats async fixtures.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, ContextVar, Token, copy_context
from functools import partial
from types import AsyncGeneratorType, CodeType, TracebackType
from typing import NoReturn

import pytest

from accord.basics.source import defined_at, location
from accord.compat.internals import Feature, Step, StepCall, StepDefinition, replace_step_call, replace_step_lookup
from accord.errors import AmbiguousStepError
from accord.steps.definitions import Definitions, one_a_function
from accord.steps.unawaited import Unawaited
from accord.timeouts.watchdog import Watchdog

_ENGINE = (
    "_pytest.",
    "accord.gherkin.collector",
    "accord.compat.internals",
    "accord.steps.awaiting",
    "accord.timeouts.watchdog",
    "asyncio.",
    "pluggy.",
    "pytest_asyncio.",
    "pytest_bdd.",
)
_END = object()
FEATURE = pytest.StashKey[Feature]()


def install(unawaited: Unawaited, watchdog: Watchdog) -> Callable[[], None]:
    """Have pytest-bdd await its steps, each for as long as it may take, and refuse what they leave unawaited.

    Returns what undoes it.
    """
    return replace_step_call(partial(_awaiting, unawaited, watchdog))


def look_up_in(definitions: Definitions) -> Callable[[], None]:
    """Have pytest-bdd look up steps there, and raise AmbiguousStepError; return what undoes it."""

    def find(step: Step, item: pytest.Item) -> list[StepDefinition]:
        __tracebackhide__ = True
        found = definitions.find(step.type, step.name, item)
        if len(found) > 1:
            _refuse_ambiguous(step, item, found)
        return found

    return replace_step_lookup(find)


def _refuse_ambiguous(step: Step, item: pytest.Item, found: Sequence[StepDefinition]) -> None:
    if len(distinct := one_a_function(found)) > 1:
        root = item.config.rootpath
        places = [location(file, line, root) for file, line in sorted(defined_at(it.function) for it in distinct)]
        raise AmbiguousStepError(
            f"{location(item.stash[FEATURE].filename, step.line_number, root)}: {len(distinct)} step definitions say: "
            f"{step.keyword} {step.name}: {' and '.join(places)}: reword or remove all but one."
        )


def from_step(traceback: TracebackType | None) -> TracebackType | None:
    """Cut the frames that lead to the step, or to the fixture that it asked for."""
    while traceback is not None and traceback.tb_next is not None:
        frame = traceback.tb_frame
        is_hidden = "__tracebackhide__" in frame.f_code.co_varnames
        if not is_hidden and not frame.f_globals.get("__name__", "").startswith(_ENGINE):
            break
        traceback = traceback.tb_next
    return traceback


def _awaiting(unawaited: Unawaited, watchdog: Watchdog, call: StepCall) -> StepCall:
    def call_step(fixturefunc: Callable[..., object], request: pytest.FixtureRequest, kwargs: object) -> object:
        __tracebackhide__ = True
        with watchdog.limiting(unawaited.by):
            # What comes back is looked at, not the function: a decorated or partial one hides that it is async.
            result = call(fixturefunc=fixturefunc, request=request, kwargs=kwargs)
            if isinstance(result, AsyncGeneratorType):
                result = _enter(result, request, unawaited, watchdog)
            elif inspect.isawaitable(result):
                result = _run(result, request, unawaited, watchdog)
        unawaited.check()
        return result

    return call_step


def _enter(
    step: AsyncGeneratorType[object, None], request: pytest.FixtureRequest, unawaited: Unawaited, watchdog: Watchdog
) -> object:
    """Run the step to its yield, and the rest, in the same context, when the scenario ends."""
    __tracebackhide__ = True
    loop = _loop(request, unawaited)
    context, name = copy_context(), unawaited.by
    with unawaited.begun(loop) as tasks:
        value = _complete(anext(step, None), loop, context, watchdog)
    unawaited.refuse_result(value)
    _apply(context, request)

    def leave() -> None:
        __tracebackhide__ = True
        with watchdog.limiting(f"{name}, after its `yield`,"):
            if _complete(anext(step, _END), loop, context, watchdog) is not _END:
                _complete(step.aclose(), loop, context, watchdog)
                _refuse_second_yield(step.ag_code)
        unawaited.refuse_running(tasks)

    request.addfinalizer(leave)
    return value


def _refuse_second_yield(code: CodeType) -> NoReturn:
    place = f"{code.co_filename}:{code.co_firstlineno}"
    pytest.fail(f"{place}: the step yields twice: what follows its one yield is its teardown.", pytrace=False)


def _run(step: Awaitable[object], request: pytest.FixtureRequest, unawaited: Unawaited, watchdog: Watchdog) -> object:
    __tracebackhide__ = True
    try:
        loop = _loop(request, unawaited)
    except BaseException:
        if inspect.iscoroutine(step):
            step.close()  # Python would add that it was never awaited.
        raise
    context = copy_context()
    with unawaited.begun(loop) as tasks:
        value = _complete(step, loop, context, watchdog)
    unawaited.expect(tasks)
    unawaited.refuse_result(value)
    _apply(context, request)
    return value


def _loop(request: pytest.FixtureRequest, unawaited: Unawaited) -> asyncio.AbstractEventLoop:
    __tracebackhide__ = True
    loop: asyncio.AbstractEventLoop = unawaited.loop or request.getfixturevalue("session_loop")
    return loop


def _complete(
    awaitable: Awaitable[object], loop: asyncio.AbstractEventLoop, context: Context, watchdog: Watchdog
) -> object:
    __tracebackhide__ = True
    try:
        return watchdog.complete(_outcome(awaitable), loop, context)
    except BaseException as error:
        error.__traceback__ = from_step(error.__traceback__)
        raise


async def _outcome(awaitable: Awaitable[object]) -> object:
    return await awaitable


def _apply(context: Context, request: pytest.FixtureRequest) -> None:
    """Apply the step's changes of context variables, to be taken back when the scenario ends."""
    current = copy_context()
    changed: list[tuple[ContextVar[object], Token[object]]] = [
        (variable, variable.set(value))
        for variable, value in context.items()
        if variable not in current or current[variable] is not value
    ]

    def take_back() -> None:
        for variable, token in changed:
            variable.reset(token)

    if changed:
        request.addfinalizer(take_back)
