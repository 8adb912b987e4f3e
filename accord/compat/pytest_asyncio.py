"""What Accord uses of pytest-asyncio that is not documented. Tested against pytest-asyncio 1.5."""

from collections.abc import Callable
from typing import Any

RUNNER = "_session_scoped_runner"
"""The fixture, an `asyncio.Runner`, with which pytest-asyncio runs what is async and of the session's loop."""


def replace_fixture_run(runner: Any, complete: Callable[..., object]) -> None:
    """Have pytest-asyncio run async fixtures and tests through `complete(coroutine, loop, context)`, by this runner."""

    def run(coroutine: object, *, context: object = None) -> object:
        __tracebackhide__ = True
        return complete(coroutine, runner.get_loop(), context)

    runner.run = run
