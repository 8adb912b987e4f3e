"""A process that a step forked and that comes back into pytest: it ends there, and the run stays its parent's.

It would run the rest of the tests, write to the same messages file, and remove the database. Children of
multiprocessing and subprocess never come back, and are left alone.
"""

import os
from collections.abc import Generator
from typing import Any, NoReturn
from weakref import WeakSet

import pytest

from accord.basics.failures import named
from accord.compat.cpython import disconnect
from accord.compat.pytest import stop_capturing
from accord.running import Running


class Forks:
    """Hooks around what tests, their steps and their fixtures run, as close to it as can be."""

    def __init__(self, config: pytest.Config, running: Running) -> None:
        self._config = config
        self._running = running
        self._process = self._first = os.getpid()
        _FORKS.add(self)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self) -> None:
        """End a child of a hook between two tests; who forks for each test, as pytest-forked does, does so later."""
        if os.getpid() != self._first:
            self._end()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """End a child of a hook after the last test."""
        if os.getpid() != self._first:
            self._end()

    def _phase(self) -> Generator[None, object, object]:
        __tracebackhide__ = True
        self._process = os.getpid()
        try:
            result = yield
        except BaseException as error:
            self._end_child(error)
            raise
        self._end_child()
        return result

    # What captures output reads it around these, and a child would take it from its parent.

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        """End a child of a fixture."""
        __tracebackhide__ = True
        return (yield from self._phase())

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """End a child of a test."""
        __tracebackhide__ = True
        return (yield from self._phase())

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """End a child of a fixture that was torn down."""
        __tracebackhide__ = True
        return (yield from self._phase())

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_after_step(self) -> None:
        """End a child of a step that has passed."""
        self._end_child()

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_step_error(self, exception: Exception) -> None:
        """End a child of a step that has failed."""
        self._end_child(exception)

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_after_scenario(self) -> None:
        """End a child of a step that has ended otherwise, as with SystemExit."""
        self._end_child()

    def _end_child(self, error: BaseException | None = None) -> None:
        if os.getpid() != self._process:
            self._end(error)

    def _end(self, error: BaseException | None = None) -> NoReturn:
        because = f" with {named(error)}" if error is not None else ""
        try:
            stop_capturing(self._config)
            sentence = (
                f"\n{self._running.name} forked the process {os.getpid()}, which came back into the run{because} "
                "and was ended: the run is its parent's. End it there with os._exit(), or use multiprocessing.\n"
            )
            # Not through `sys.stderr`, whose buffer may hold what the parent is about to write.
            os.write(2, sentence.encode(errors="replace"))
        finally:
            # At once: the functions to be run at exit, and what is buffered, are the parent's.
            os._exit(1)

    def note_fork(self) -> None:
        """Have a process that was forked while the event loop ran end where it comes back to the loop."""
        loop: Any = self._running.loop
        if loop is not None and loop.is_running():
            disconnect(loop)
            loop.call_soon(self._end)
            # The thread of a handler that is no coroutine has no loop to come back to.
            loop.call_soon_threadsafe = lambda *_, **__: self._end()


# A function that is registered for forks stays until the process ends, and a run in the process does not.
_FORKS = WeakSet[Forks]()


def _note_fork() -> None:
    for forks in _FORKS:
        forks.note_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
