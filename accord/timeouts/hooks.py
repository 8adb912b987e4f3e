"""The hooks by which every run ends, whatever its steps, fixtures and requests do."""

import asyncio
from collections.abc import Generator
from contextlib import nullcontext
from functools import partial

import pytest

from accord.compat.pytest_asyncio import RUNNER, replace_fixture_run
from accord.compat.pytest_bdd import bound_scenario
from accord.running import RUNNING
from accord.timeouts.forks import Forks
from accord.timeouts.limits import TIMEOUT
from accord.timeouts.outlasting import Ending
from accord.timeouts.watchdog import WATCHDOG, of


class Timeouts:
    """Limits what tests take that use Accord, and sees to it that the process ends with the run."""

    def __init__(self, config: pytest.Config) -> None:
        self._running = config.stash[RUNNING]
        config.stash[WATCHDOG] = self._watchdog = of(config)
        config.add_cleanup(self._watchdog.start())
        self._is_configured = config.getini("accord_strict") or config.getini(TIMEOUT) not in (None, "")
        self._ending = Ending(config.rootpath)
        config.pluginmanager.register(Forks(config, self._running), "accord.timeouts.forks")

    # Before pytest's own, which sets up fixtures: those are limited, too.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test begins."""
        uses_accord = self._running.is_scenario or "isolation" in getattr(item, "fixturenames", ())
        # What is not async in a scenario that a module binds could take its time before Accord was installed.
        is_async_alone = not self._is_configured and bound_scenario(item) is not None
        self._watchdog.limits.begin_test(is_of_accord=uses_accord, is_async_alone=is_async_alone)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Limit what a fixture takes, and have async ones run so that they can be given up."""
        __tracebackhide__ = True
        with self._watchdog.limits.fixture(fixturedef):
            value = yield
        if fixturedef.argname == RUNNER:
            assert isinstance(value, asyncio.Runner)
            replace_fixture_run(value, self._watchdog.completing.complete)
            # pytest calls the last finalizer first, so that the runner's loop still runs.
            fixturedef.addfinalizer(partial(self._watchdog.completing.end_tasks, value))
        return value

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Let a test that is no scenario take as long as a step."""
        __tracebackhide__ = True
        is_limited = self._watchdog.limits.are_on and not self._running.is_scenario
        with self._watchdog.limits.test(self._running.name) if is_limited else nullcontext():
            return (yield)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Have the process end when the run has ended."""
        if self._watchdog.limits.were_on:
            is_torn = bool(self._watchdog.completing.abandoned)
            # As a cleanup, after other plugins have ended what they began.
            session.config.add_cleanup(lambda: self._ending.see_to(int(session.exitstatus), is_torn=is_torn))
