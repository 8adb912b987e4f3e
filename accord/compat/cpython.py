"""What Accord uses of CPython's standard library that is not documented."""

import asyncio
import atexit
import concurrent.futures.thread
import gc
import importlib
import logging
import os
import socket
import socketserver
import sys
import threading
import warnings
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from contextvars import Context
from types import AsyncGeneratorType, FrameType
from typing import Any

Gathering: Any = asyncio.tasks._GatheringFuture  # type: ignore[attr-defined]
"""The class of what `asyncio.gather` returns."""

Report = Callable[[Any], None]

_warnings: Any = warnings
_logging: Any = logging


def drop_task(task: asyncio.Task[Any]) -> None:
    """Have asyncio wait for the task no more, neither where a runner is closed, and not complain of it either."""
    asyncio._unregister_task(task)
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # as `asyncio.gather` does


def tasks_of(value: Any) -> list["asyncio.Task[Any]"]:
    """Return the tasks that the value is, or has: a task, what was gathered, a group of tasks."""
    if isinstance(value, asyncio.Task):
        return [value]
    if isinstance(value, Gathering):
        return [it for it in value._children if isinstance(it, asyncio.Task)]
    if type(value).__module__.startswith(("asyncio", "anyio")):
        # The task groups of both have this attribute, and no class in common.
        return [it for it in getattr(value, "_tasks", ()) if isinstance(it, asyncio.Task)]
    return []


def names_at(debugger: Any) -> tuple[dict[str, Any], MutableMapping[str, Any]]:
    """Return the names of the module and of the frame at which pdb, or one that builds on it, stands.

    What is assigned to the latter is there for the next line, and for the code where it goes on. `frame.f_locals` would
    undo that before Python 3.13.
    """
    return debugger.curframe.f_globals, debugger.curframe_locals


def run_task(task: "asyncio.Task[Any]", loop: Any) -> Any:
    """Run a loop until the task has ended, or the loop is stopped, and return what the task returns.

    The loop may run already, in a task of its own from which this is called: that one waits meanwhile, and all others
    go on. That can be done with the loops of the standard library. Raises what the task raises, and RuntimeError.
    """
    if not loop.is_running():
        return loop.run_until_complete(task)
    if not isinstance(loop, asyncio.BaseEventLoop):
        task.cancel()
        raise RuntimeError(f"{type(loop).__name__} cannot await here: it runs already. With `pytest --pdb` it can.")
    _run_within(loop, task)
    if not task.done():
        raise RuntimeError("Event loop stopped before Future completed.")
    return task.result()


def _run_within(loop: Any, task: "asyncio.Task[Any]") -> None:
    outer = asyncio.current_task(loop)
    # As many callbacks the run around this one may be about to call: it takes them by their number.
    due = len(loop._ready)
    if outer is not None:
        asyncio.tasks._leave_task(loop, outer)
    try:
        while not (task.done() or loop._stopping):
            loop._run_once()
    finally:
        # A stop that was not for this run is for the one around it, which would go on for ever without.
        if outer is not None:
            asyncio.tasks._enter_task(loop, outer)
        for _ in range(due - len(loop._ready)):
            loop.call_soon(_nothing)


def _nothing() -> None: ...


def generator_of(step: Any) -> AsyncGeneratorType[Any, Any] | None:
    """Return the async generator of which this is a step, as `anext(...)` and `aclose()` are; None for what is none."""
    while step is not None and not isinstance(step, AsyncGeneratorType):
        # Only the garbage collector can look into it; `anext(..., default)` has the step itself inside.
        step = next((it for it in gc.get_referents(step) if isinstance(it, (AsyncGeneratorType, Coroutine))), None)
    return step


def is_closing_of_loop(task: "asyncio.Task[Any]") -> bool:
    """Return whether the task closes an async generator, as the loop does with one that was left before its end."""
    return isinstance(task.get_coro(), _Closing)


async def _empty() -> AsyncGenerator[None, None]:
    return
    yield


_closing = _empty().aclose()
_Closing: Any = type(_closing)
# Python would warn that it is never awaited.
_closing.close()


def context_of(task: "asyncio.Task[Any]") -> Context:
    """Return the context in which a task runs."""
    if sys.version_info >= (3, 12):
        return task.get_context()
    # Only the garbage collector can look into it there.
    return next(it for it in gc.get_referents(task) if isinstance(it, Context))


def is_loop_of_executor(frame: FrameType) -> bool:
    """Return whether the frame is the loop in which a thread of an executor waits for work, and does it."""
    return frame.f_code.co_name == "_worker" and frame.f_code.co_filename == concurrent.futures.thread.__file__


def is_handler_of_server(frame: FrameType) -> bool:
    """Return whether the frame handles a request of a server of the standard library, in a thread for it alone."""
    return frame.f_code is socketserver.ThreadingMixIn.process_request_thread.__code__


def run_exit_functions() -> None:
    """Do what was registered to be done when the process ends, which `os._exit` would leave out."""
    atexit._run_exitfuncs()


def before_threads_are_joined(do: Callable[[], object]) -> None:
    """Have this done when the process ends, before it waits for threads, those of executors among them."""
    # The last to be registered is called first, and executors register when they are imported.
    importlib.import_module("concurrent.futures.thread")
    threading._register_atexit(do)  # type: ignore[attr-defined]


@contextmanager
def logging_unchanged() -> Iterator[None]:
    """Undo what is done to logging in the block, as by `fileConfig`, which also closes all handlers that there are."""
    loggers = [logging.root, *(it for it in logging.root.manager.loggerDict.values() if isinstance(it, logging.Logger))]
    before = [(it, it.level, it.disabled, it.propagate, it.handlers[:], it.filters[:]) for it in loggers]
    disabled_level = logging.root.manager.disable
    # What is not in these lists is not closed.
    handlers, names = _logging._handlerList[:], dict(_logging._handlers)
    _logging._handlerList.clear()
    _logging._handlers.clear()
    try:
        yield
    finally:
        _logging._handlerList[:0] = handlers
        _logging._handlers.update(names)
        for logger in logging.root.manager.loggerDict.values():
            # One that came meanwhile, with a module of the service, was never meant to be disabled.
            if isinstance(logger, logging.Logger):
                logger.disabled = False
        for logger, level, disabled, propagate, own, filters in before:
            # It empties the caches of all loggers.
            logger.setLevel(level)
            logger.disabled, logger.propagate = disabled, propagate
            logger.handlers[:], logger.filters[:] = own, filters
        logging.disable(disabled_level)


def replace_unawaited_warning(make: Callable[[Report], Report]) -> Callable[[], None]:
    """Have CPython report coroutines that are dropped unawaited through `make(its own report)`; return what undoes it.

    By itself it warns, which filters, `catch_warnings` and pytest's capture may swallow.
    """
    original = _warnings._warn_unawaited_coroutine
    _warnings._warn_unawaited_coroutine = make(original)

    def undo() -> None:
        _warnings._warn_unawaited_coroutine = original

    return undo


def disconnect(loop: Any) -> None:
    """Cut the connections of a loop in a process that was forked while it ran: what is sent there is its parent's.

    They are led to nowhere rather than closed, since who closes a connection says so to the other end.
    """
    selector = getattr(loop, "_selector", None)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in list((selector and selector.get_map()) or ()):
        # A duplicate, since a socket object closes what it was given. `getpeername` raises for a pipe, and for a socket
        # that only listens: both stay as they are.
        with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
            connection.getpeername()
            os.dup2(nowhere, descriptor)
    os.close(nowhere)
