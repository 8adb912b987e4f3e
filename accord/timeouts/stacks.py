"""Where a task, or a thread, is at this moment: the project's own line for a sentence, and the stack to look through.

A task that waits is followed through all that it awaits, by what CPython documents of coroutines and generators
(`cr_await`, `ag_await`, `gi_yieldfrom`), into the tasks that those wait for and into the threads that work for them.
"""

import asyncio
import gc
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from traceback import FrameSummary
from types import FrameType
from typing import Any, NamedTuple

from accord.basics.source import location
from accord.compat import anyio
from accord.compat.cpython import Gathering, is_handler_of_server, is_loop_of_executor, tasks_of
from accord.compat.starlette import body_frame

REQUEST = "request "
"""How the name of a task that serves a request begins; its method and path follow."""

_AWAITING = ("cr_await", "ag_await", "gi_yieldfrom")
_FRAMES = ("cr_frame", "ag_frame", "gi_frame")
_DEBUGGERS = {"IPython", "bdb", "code", "ipdb", "pdb", "pdbpp", "pudb"}
_OWN_PACKAGE = Path(__file__).parents[1]
_NOT_OF_THE_PROJECT = {"site-packages", "dist-packages"}
_MOST = 5


class Stack(NamedTuple):
    """Frames from the outermost to the innermost, and the request that they serve, if they serve one."""

    request: str | None
    frames: list[FrameSummary]


def of_task(task: "asyncio.Task[Any]") -> list[Stack]:
    """Return where the task waits: one stack for each thing that it waits for."""
    return list(_of_task(task, None, [], set()))


def frames_of(task: "asyncio.Task[Any]") -> list[FrameType]:
    """Return the frames of the coroutines in which the task waits, the innermost last."""
    return [frame for it in _chain(task.get_coro()) if (frame := _first(it, _FRAMES)) is not None]


def is_debugged(frame: FrameType | None) -> bool:
    """Return whether a debugger has called, at some time, what runs in this frame."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in _DEBUGGERS:
            return True
        frame = frame.f_back
    return False


def is_of_project(task: "asyncio.Task[Any]", rootpath: Path) -> bool:
    """Return whether a task runs a function of the project, or of one that it called; others are a library's own."""
    coroutine: Any = task.get_coro()
    if not hasattr(coroutine, "cr_code"):
        return True
    called = (Path(file) for file, *_ in coroutine.cr_origin or ())
    return any(_is_own(path, rootpath) for path in (Path(coroutine.cr_code.co_filename), *called))


def of_thread(thread: int) -> Stack:
    """Return where the thread of this identifier is."""
    frame = sys._current_frames().get(thread)
    return Stack(None, [] if frame is None else _summaries(frame))


def is_busy(thread: threading.Thread) -> bool | None:
    """Return whether a thread of an executor's pool, or of anyio's, has work; None where it is of neither."""
    inner, frame = None, sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if is_loop_of_executor(frame):
            return inner is not None
        if isinstance(frame.f_locals.get("self"), threading.Thread) and anyio.is_worker(thread):
            return not anyio.waits_for_work(thread, inner)
        inner, frame = frame, frame.f_back
    return None


def serves(thread: threading.Thread) -> bool:
    """Return whether the thread is one that a server of the standard library has begun, for a connection to it."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if is_handler_of_server(frame):
            return True
        frame = frame.f_back
    return False


def describe(stacks: Sequence[Stack], rootpath: Path) -> tuple[str, str]:
    """Return where these wait, each at the project's own line, and the stacks as a traceback shows them."""
    nearest: dict[str | None, tuple[int, Stack]] = {}
    for stack in stacks:
        own = _own(stack.frames, rootpath)
        index = own[-1] if own else -1
        if stack.frames and (stack.request not in nearest or index > nearest[stack.request][0]):
            nearest[stack.request] = index, stack
    waits, shown = [], []
    for index, (request, frames) in list(nearest.values())[:_MOST]:
        frame = frames[index]
        line = f": `{frame.line}`" if frame.line else ""
        where = location(frame.filename, frame.lineno or 0, rootpath)
        waits.append(f"{request or 'it'} waits at {where} in `{frame.name}`{line}")
        # The frames before it are of pytest, asyncio and frameworks.
        first = next(iter(_own(frames, rootpath)), 0)
        shown.append((f"{request}:\n" if request else "") + "".join(traceback.format_list(frames[first:])))
    if left := len(nearest) - len(waits):
        waits.append(f"{left} more wait")
    return "; ".join(waits), "".join(shown).rstrip()


def _of_task(
    task: "asyncio.Task[Any]", request: str | None, outer: list[FrameSummary], seen: set["asyncio.Task[Any]"]
) -> Iterator[Stack]:
    seen.add(task)
    if task.get_name().startswith(REQUEST):
        request = task.get_name().removeprefix(REQUEST)
    frames, tasks, threads, streams = list(outer), [], [], []
    ends_elsewhere = False
    for awaited in _chain(task.get_coro()):
        frame: FrameType | None = _first(awaited, _FRAMES)
        if frame is not None:
            frames.append(_summary(frame))
            # What it waits for, as in `gather` or a task group, it often has in a variable, and nowhere else.
            for value in list(frame.f_locals.values()):
                tasks += tasks_of(value)
                threads += _worker(value)
                streams += _streamed(value)
        elif isinstance(awaited, (asyncio.Task, Gathering)):
            tasks += tasks_of(awaited)
            ends_elsewhere = True
    for inner in tasks:
        if inner not in seen and not inner.done():
            # Who waits for a response waits for its request.
            ends_elsewhere = ends_elsewhere or inner.get_name().startswith(REQUEST)
            yield from _of_task(inner, request, frames, seen)
    for stream in streams:
        yield Stack(request, [*frames, stream])
    for thread in threads:
        yield Stack(request, frames + of_thread(thread).frames)
    if not ends_elsewhere and not threads:
        yield Stack(request, frames)


def _chain(awaited: Any) -> Iterator[Any]:
    # What is found through the garbage collector may lead back.
    seen = set()
    while awaited is not None and id(awaited) not in seen:
        seen.add(id(awaited))
        yield awaited
        if isinstance(awaited, asyncio.Future):
            return
        if any(hasattr(awaited, name) for name in _AWAITING):
            awaited = _first(awaited, _AWAITING)
        else:
            # What stands between, such as `anext()` or a future's iterator, only the garbage collector can look into.
            awaited = next((it for it in gc.get_referents(awaited) if _is_awaitable(it)), None)


def _is_awaitable(thing: Any) -> bool:
    return isinstance(thing, asyncio.Future) or hasattr(type(thing), "throw") or hasattr(type(thing), "athrow")


def _first(thing: Any, names: Iterable[str]) -> Any:
    return next((value for name in names if (value := getattr(thing, name, None)) is not None), None)


def _streamed(value: Any) -> list[FrameSummary]:
    """Return where the body of a response of Starlette's is made: what sends a part of it is not there."""
    frame = body_frame(value)
    return [] if frame is None else [_summary(frame)]


def _worker(value: Any) -> list[int]:
    return [value.ident] if anyio.is_worker(value) and value.ident else []


def _summary(frame: FrameType) -> FrameSummary:
    return FrameSummary(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def _summaries(frame: FrameType | None) -> list[FrameSummary]:
    frames = []
    while frame is not None:
        frames.append(_summary(frame))
        frame = frame.f_back
    return frames[::-1]


def _own(frames: Sequence[FrameSummary], rootpath: Path) -> list[int]:
    """Return the indices of the frames in files of the project."""
    return [index for index, frame in enumerate(frames) if _is_own(Path(frame.filename), rootpath)]


def _is_own(path: Path, rootpath: Path) -> bool:
    return (
        path.is_relative_to(rootpath)
        # A virtual environment is mostly inside the project's directory.
        and not path.is_relative_to(sys.prefix)
        and not path.is_relative_to(_OWN_PACKAGE)
        and not _NOT_OF_THE_PROJECT.intersection(path.parts)
    )
