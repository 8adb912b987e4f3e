"""What Accord uses of pytest-asyncio that is not documented. Tested against pytest-asyncio 1.5."""

from collections.abc import Callable
from typing import Any

import pytest

from accord.compat.pytest import replace_setting

RUNNER = "_session_scoped_runner"
"""The fixture, an `asyncio.Runner`, with which pytest-asyncio runs what is async and of the session's loop."""
FIXTURE_SCOPE = "asyncio_default_fixture_loop_scope"
"""The setting of the loop on which async fixtures run that name none."""
SCOPE_OF_FIXTURE = "fixture-scope"
"""Its value for what happens where it is not set: each runs on the loop of its own scope."""


def set_defaults(config: pytest.Config, fixture_scope: str, mode: str | None) -> None:
    """Have fixtures that are set up from now on run on this loop, and be async by themselves if the mode is `auto`."""
    replace_setting(config, FIXTURE_SCOPE, fixture_scope)
    config.option.asyncio_mode = mode


def replace_fixture_run(runner: Any, complete: Callable[..., object]) -> None:
    """Have pytest-asyncio run async fixtures and tests through `complete(coroutine, loop, context)`, by this runner."""

    def run(coroutine: object, *, context: object = None) -> object:
        __tracebackhide__ = True
        return complete(coroutine, runner.get_loop(), context)

    runner.run = run
