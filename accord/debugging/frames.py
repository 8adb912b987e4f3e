"""Which frames a debugger shows in a scenario: those of the project, and what they have called."""

import asyncio
from collections.abc import Callable
from types import FrameType
from typing import Any

from accord.basics.failures import is_of_project
from accord.timeouts.completing import Completing
from accord.timeouts.stacks import frames_of

# Packages that run steps: their frames are neither shown nor stepped into.
_ENGINE = {"_pytest", "accord", "asyncio", "pluggy", "pytest_asyncio", "pytest_bdd"}

Frame = tuple[FrameType, int]
GetStack = Callable[[FrameType | None, Any], tuple[list[Frame], int]]


def own_stack(
    get_stack: GetStack, completing: Completing | None, frame: FrameType | None, traceback: Any
) -> tuple[list[Frame], int]:
    """Return the frames that `w` shows, the innermost last, and the index of that at which the debugger stands.

    `get_stack(frame, traceback)` has all of them. The last one of the project is followed by what it has called, for
    `down`; where an error is looked into, it is where the debugger stands. A request is served in a task of its own:
    the step that waits for it comes first.
    """
    stack, index = get_stack(frame, traceback)
    own = [number for number, (it, _line) in enumerate(stack) if is_own(it)]
    if frame is None and not own:
        return stack, index
    stands_at = stack[own[-1] if frame is None else index]
    engine = [number for number, (it, _line) in enumerate(stack) if _is_engine(it)]
    called = stack[max([*own[-1:], *([] if own else engine[-1:])], default=-1) + 1 :]
    shown = [*_waiting_step(completing), *(stack[number] for number in own)]
    shown += [it for it in called if it is stands_at or not _is_engine(it[0])]
    if stands_at not in shown:
        shown.append(stands_at)
    return shown, shown.index(stands_at)


def is_own(frame: FrameType) -> bool:
    """Return whether a frame is of the project."""
    return is_of_project(frame.f_code.co_filename)


def is_called_by_own(frame: FrameType | None) -> bool:
    """Return whether a frame is of the project, or of what the project has called, and not of what runs its steps."""
    while frame is not None and not _is_engine(frame):
        if is_own(frame):
            return True
        frame = frame.f_back
    return False


def _is_engine(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__", "").partition(".")[0] in _ENGINE


def _waiting_step(completing: Completing | None) -> list[Frame]:
    """Return the project's frames of the step, or fixture, that waits while another task of the event loop runs."""
    awaited = None if completing is None else completing.awaited
    if awaited is None or not awaited.loop.is_running() or awaited.task is _current_task():
        return []
    return [(it, it.f_lineno) for it in frames_of(awaited.task) if is_own(it)]


def _current_task() -> "asyncio.Task[Any] | None":
    try:
        return asyncio.current_task()
    except RuntimeError:  # In a thread without an event loop.
        return None
