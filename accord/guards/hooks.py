"""The hooks by which no test leaves anything changed."""

from collections.abc import Generator, Iterator

import pytest

from accord.basics.text import visible
from accord.guards.guard import STATE_GUARD, StateGuard
from accord.running import RUNNING
from accord.timeouts.watchdog import WATCHDOG

SETTING = "accord_guards"
_CHOICES = ("scenarios", "all")


class Guards:
    """Compares what is guarded before and after each scenario, or each test if the configuration says so."""

    def __init__(self, config: pytest.Config) -> None:
        if (tests := config.getini(SETTING)) not in _CHOICES:
            raise pytest.UsageError(
                f"{SETTING} is {tests!r}, which is neither {' nor '.join(_CHOICES)}: write one of them."
            )
        self._is_of_all = tests == "all"
        self._is_strict: bool = config.getini("accord_strict")
        config.stash[STATE_GUARD] = self._guard = StateGuard(config.rootpath)
        self._running = config.stash[RUNNING]
        self._watchdog = config.stash.get(WATCHDOG, None)

    @property
    def _is_guarded(self) -> bool:
        if self._is_of_all or self._running.is_of_feature_file:
            return True
        # What a Python module binds passed before Accord was installed.
        return self._is_strict and self._running.is_scenario

    # A fixture, and one of a plugin: it is set up before those of the test, and so compares once they are gone.
    @pytest.fixture(autouse=True)
    def _nothing_is_left_changed(self) -> Iterator[None]:
        if not self._is_guarded:
            yield
            return
        self._guard.begin()
        yield
        if leaks := self._guard.end(is_of_accord=self._watchdog is None or self._watchdog.limits.are_on):
            pytest.fail(visible("\n".join(f"{self._running.name} leaves {leak}" for leak in leaks)), pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Let fixtures of a wider scope than a test change what outlasts the test."""
        __tracebackhide__ = True
        if fixturedef.scope == "function" or not self._is_guarded:
            return (yield)
        with self._guard.lasting():
            return (yield)
