"""The hooks by which each scenario begins anew, and a step that leaves work uncommitted is named."""

import pytest

from accord.contract.hooks import COVERAGE
from accord.isolation import lifespan
from accord.isolation.isolation import ISOLATION, Isolation
from accord.running import RUNNING, stop_run


class Isolations:
    """Has the isolation begin anew with each test, and stops the run once another one has its database."""

    def __init__(self, config: pytest.Config) -> None:
        config.addinivalue_line(
            "markers", "real_commits: a database of its own, where commits are real and requests run at once"
        )
        config.add_cleanup(lifespan.configure(config))
        config.stash[ISOLATION] = self._isolation = Isolation(config.stash[RUNNING])
        self._isolation.coverage = config.stash.get(COVERAGE, None)

    # Before pytest's own, which sets up fixtures: they open the session, and have to know of the tag.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test begins, which may be tagged @real_commits."""
        self._stop_if_lost(item.config)
        self._isolation.begin(real_commits=item.get_closest_marker("real_commits") is not None)

    def pytest_bdd_before_step(self, request: pytest.FixtureRequest) -> None:
        """A step begins."""
        self._stop_if_lost(request.config)

    def pytest_bdd_after_step(self) -> None:
        """A step has passed."""
        self._isolation.uncommitted.note()

    def _stop_if_lost(self, config: pytest.Config) -> None:
        if (sentence := self._isolation.lost) is not None:
            stop_run(config, sentence)
