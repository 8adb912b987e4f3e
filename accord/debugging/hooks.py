"""The hooks by which a debugger is of use in scenarios."""

import sys
from bdb import Bdb
from collections.abc import Callable
from functools import partial
from types import CodeType, FrameType
from typing import Any

import pytest

from accord.basics.source import code_of
from accord.debugging.frames import is_called_by_own, is_own, own_stack
from accord.debugging.prompt import Prompt
from accord.running import RUNNING
from accord.timeouts.watchdog import WATCHDOG


class Debugging:
    """Has debuggers that pytest enters, be it by `--pdb`, `--trace` or `breakpoint()`, know what a scenario is.

    They are pdb, or what `--pdbcls` names. One that is not of bdb's family, as those of most libraries are, is given
    time, and left as it is.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._running = config.stash[RUNNING]
        self._watchdog = config.stash.get(WATCHDOG, None)
        self._prompt = Prompt(self._running, self._watchdog)
        self._debugger: Any = None
        """The one that was entered last in a scenario."""
        self._stepping: Any = None
        """The debugger in which somebody goes on line by line, and has not said `continue`."""

    def pytest_enter_pdb(self, pdb: Any) -> None:
        """Somebody is at the prompt, or will be."""
        if not self._running.uses_accord:
            return
        if self._watchdog is not None:
            self._watchdog.limits.is_debugged = True
        if not isinstance(pdb, Bdb):
            return
        self._prompt.serve(pdb)
        if self._running.is_scenario:
            self._lead(pdb)

    def _lead(self, pdb: Any) -> None:
        """Have a debugger stop in the project's code, and show it."""
        self._debugger = pdb
        # pytest calls this with `--trace`, with the function of the test, which is not the project's.
        pdb.runcall = partial(self._run_scenario, pdb)
        completing = None if self._watchdog is None else self._watchdog.completing
        pdb.get_stack = partial(own_stack, pdb.get_stack, completing)
        pdb.stop_here = partial(_stop_here, pdb.stop_here)
        pdb.user_exception = partial(_pass_over_ends, pdb.user_exception)
        self._stepping = None if self._running.step is None else pdb

    def pytest_leave_pdb(self) -> None:
        """The test goes on by itself."""
        self._stepping = None

    def _run_scenario(self, pdb: Any, function: Callable[[], object]) -> object:
        __tracebackhide__ = True
        self._stepping = pdb
        try:
            return function()
        finally:
            self._stepping = None
            sys.settrace(None)

    # Last: what other hooks do is not of the step.
    @pytest.hookimpl(trylast=True)
    def pytest_bdd_before_step_call(self, step_func: Callable[..., object]) -> None:
        """Stop at the first line of the step, where somebody goes from line to line."""
        if self._stepping is not None and (code := code_of(step_func)) is not None:
            sys.settrace(partial(_stop_in, code, self._stepping))

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_after_step(self) -> None:
        """Stop nowhere between two steps."""
        self._leave_step()

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_step_error(self) -> None:
        """Stop nowhere after the last one."""
        self._leave_step()

    def _leave_step(self) -> None:
        # What raised that in the app, its framework may have made a response of.
        if getattr(self._debugger, "quitting", False):
            pytest.exit("Quitting debugger")
        if self._stepping is not None:
            self._stepping.set_continue()


def _stop_here(stop_here: Callable[[FrameType], bool], frame: FrameType) -> bool:
    return stop_here(frame) and is_called_by_own(frame)


def _pass_over_ends(user_exception: Callable[..., None], frame: FrameType, info: Any) -> None:
    """Do not stop where a coroutine's end shows as an exception, in what is not the project's and has awaited it."""
    if is_own(frame) or info[0] not in (StopIteration, StopAsyncIteration, GeneratorExit):
        user_exception(frame, info)


def _stop_in(code: CodeType, pdb: Any, frame: FrameType, event: str, argument: Any) -> Any:
    """Trace as Python's own hook for it, until a function of this code is called, and from there as the debugger."""
    if frame.f_code is not code:
        return None
    pdb.reset()
    sys.settrace(pdb.trace_dispatch)
    return pdb.trace_dispatch(frame, event, argument)
