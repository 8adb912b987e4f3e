"""Threads and processes that outlast what began them: who they are, and how the run ends although they do not.

Threads of a pool (an executor's, anyio's) are meant to stay while they have no work. Daemons end with the process.
"""

import atexit
import importlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from accord.compat.cpython import before_threads_are_joined, run_exit_functions
from accord.timeouts import stacks

# How long something may take to end by itself, before it is named.
GRACE_SECONDS = 1
# What multiprocessing itself begins once, and ends with the process.
_OF_MULTIPROCESSING = (
    "multiprocessing.resource_tracker",
    "multiprocessing.forkserver",
    "multiprocessing.semaphore_tracker",
)


def threads() -> list[threading.Thread]:
    """Return the threads for which Python would wait before it ends."""
    main = threading.main_thread()
    return [it for it in threading.enumerate() if not it.daemon and it is not main and stacks.is_busy(it) is not False]


def children() -> set[int]:
    """Return the process ids of what this process began and has not waited for; those that ended may be among them.

    Where the system has no `waitid` (Windows, and macOS before Python 3.13), only those of multiprocessing are known.
    """
    if not hasattr(os, "waitid"):
        return {it.pid for it in _of_multiprocessing()}
    try:
        # It takes a hundredth of what it takes to look for them, and mostly there are none.
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return set()
    try:
        # Linux lists the children of each thread; elsewhere psutil looks through all processes.
        lines = [Path(f"/proc/self/task/{it}/children").read_text() for it in os.listdir("/proc/self/task")]
        found = {int(child) for line in lines for child in line.split()}
    except OSError:
        found = {child.pid for child in _psutil().Process().children()}
    # Those that its server forked are children of that one.
    return found.union(it.pid for it in _of_multiprocessing())


def _of_multiprocessing() -> list[Any]:
    # It is not loaded for this: no run should start the later for it.
    multiprocessing: Any = sys.modules.get("multiprocessing")
    return [] if multiprocessing is None else [it for it in multiprocessing.active_children() if it.pid is not None]


def _psutil() -> Any:
    # Loaded only if there is something to look at.
    return importlib.import_module("psutil")


def still_running(found: Callable[[], Iterable[threading.Thread]]) -> list[threading.Thread]:
    """Return the threads that are found, once they had time to end by themselves."""
    until = time.perf_counter() + GRACE_SECONDS
    while (left := list(found())) and time.perf_counter() < until:
        # Returns at once when the thread ends, as a sleep would not.
        left[0].join(0.01)
    return left


def running(pids: Iterable[int]) -> list[Any]:
    """Return the processes that still run, once they had time to end by themselves."""
    found, ours = [], {it.pid for it in _of_multiprocessing()}
    for pid in pids:
        with suppress(_psutil().Error):
            process = _psutil().Process(pid)
            # What its server forked has the same command.
            if pid in ours or not any(part in " ".join(process.cmdline()) for part in _OF_MULTIPROCESSING):
                found.append(process)
    until = time.perf_counter() + GRACE_SECONDS
    while (left := [it for it in found if _runs(it)]) and time.perf_counter() < until:
        threading.Event().wait(0.01)
    return left


def _runs(process: Any) -> bool:
    with suppress(_psutil().Error):
        return bool(process.is_running() and process.status() != _psutil().STATUS_ZOMBIE)
    return False


def command(process: Any) -> str:
    """Say what the process is."""
    with suppress(_psutil().Error):
        if line := " ".join(process.cmdline()):
            return line if len(line) <= 80 else line[:79] + "…"
    return "?"


def end(processes: Iterable[Any]) -> None:
    """Have the processes end, and what they began."""
    every = []
    for process in processes:
        with suppress(_psutil().Error):
            every += [*process.children(recursive=True), process]
    for signal in ("terminate", "kill"):
        for process in every:
            with suppress(_psutil().Error):
                getattr(process, signal)()
        # It would wait for children of this process, which whoever began them may want to do.
        until = time.perf_counter() + GRACE_SECONDS
        while (every := [it for it in every if _runs(it)]) and time.perf_counter() < until:
            threading.Event().wait(0.01)


class Ending:
    """Sees to it that the process ends when the run has ended: begin it with the run, and `see_to` it at its end."""

    def __init__(self, rootpath: Path) -> None:
        self._rootpath = rootpath
        self._threads = set(threads())
        self._children = set(children())

    def see_to(self, exit_code: int, is_torn: bool) -> None:
        """Have the process end with this code although something of the run is left; `is_torn`: tasks of it are.

        Nothing is done before Python itself ends: a program that runs pytest, and goes on, goes on.
        """
        left = [it for it in threads() if it not in self._threads]
        if left or is_torn:
            before_threads_are_joined(partial(self._end, left, exit_code, is_torn))
        if any(child not in self._children for child in children()):
            # Called before multiprocessing's own, which waits for them.
            atexit.register(self._end_children)

    def _end(self, left: list[threading.Thread], exit_code: int, is_torn: bool) -> None:
        left = still_running(lambda: [it for it in left if it.is_alive() and stacks.is_busy(it) is not False])
        if not (left or is_torn) or not set(threads()) <= {*left}:
            return
        for thread in left:
            waits, _ = stacks.describe([stacks.of_thread(thread.ident or 0)], self._rootpath)
            _say(f'The thread "{thread.name}" has not ended with the run, and is ended with it: {waits}.')
        # Whatever one of them raises, the process has to end.
        with suppress(BaseException):
            run_exit_functions()
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(exit_code)

    def _end_children(self) -> None:
        ours = {it.pid for it in _of_multiprocessing() if not it.daemon}
        left = running(ours.difference(self._children))
        for process in left:
            _say(f"The process {process.pid} has not ended with the run, and is ended with it: {command(process)}.")
        end(left)


def _say(sentence: str) -> None:
    with suppress(Exception):
        print(sentence, file=sys.stderr)
