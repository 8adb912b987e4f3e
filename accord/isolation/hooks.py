"""The hooks by which each scenario begins anew, and a step that leaves work uncommitted is named."""

from collections.abc import Generator
from contextlib import ExitStack

import pytest

from accord.contract.hooks import CHECKING
from accord.isolation import lifespan
from accord.isolation.isolation import ISOLATION, Isolation
from accord.running import RUNNING, is_scenario, stop_run

# A test that uses one of these, be it through others, uses the run's database.
_FIXTURES = {"database_url", "isolation"}


class Isolations:
    """Has the isolation begin anew with each test, and stops the run once another one has its database."""

    def __init__(self, config: pytest.Config) -> None:
        config.addinivalue_line(
            "markers", "real_commits: a database of its own, where commits are real and requests run at once"
        )
        config.add_cleanup(lifespan.configure(config))
        config.stash[ISOLATION] = self._isolation = Isolation(config.stash[RUNNING])
        self._isolation.checking = config.stash.get(CHECKING, None)
        self._ends_with: pytest.Item | None = None

    # Before pytest's own, which sets up fixtures: they open the session, and have to know of the tag.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test begins, which may be tagged @real_commits."""
        self._stop_if_lost(item.config)
        self._isolation.begin(
            real_commits=item.get_closest_marker("real_commits") is not None,
            uses_database=is_scenario(item) or not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ())),
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Have what lasts for many tests set up, and torn down, outside of the scenario."""
        __tracebackhide__ = True
        if fixturedef.scope == "function":
            if self._ends_with is not request.node:
                # The first to be added is the last to be called: the test's own fixtures are over by then.
                self._ends_with = request.node
                request.node.addfinalizer(self._isolation.leave)
            return (yield)
        # A parameter of the next test may have it torn down when that has begun.
        outside = ExitStack()
        # The first to be added is the last to be called.
        fixturedef.addfinalizer(outside.close)
        with self._isolation.outside():
            result = yield
        fixturedef.addfinalizer(lambda: outside.enter_context(self._isolation.outside()))
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Fail a test in which something went wrong with the database, and no step has seen it."""
        __tracebackhide__ = True
        result = yield
        self._isolation.outage.check_at_end()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """End the scenario of a test that had no fixtures of its own."""
        __tracebackhide__ = True
        if self._ends_with is None:
            self._isolation.leave()
        try:
            return (yield)
        finally:
            self._ends_with = None

    def pytest_bdd_before_step(self, request: pytest.FixtureRequest) -> None:
        """A step begins."""
        self._stop_if_lost(request.config)

    def pytest_bdd_after_step(self) -> None:
        """A step has passed."""
        self._isolation.end_step()

    def _stop_if_lost(self, config: pytest.Config) -> None:
        if (sentence := self._isolation.lost) is not None:
            stop_run(config, sentence)
