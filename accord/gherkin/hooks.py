"""The hooks by which feature files are collected, and by which their scenarios cost little."""

from collections.abc import Generator
from pathlib import Path

import pytest

from accord.basics.garbage import freeze_loaded, uncollected
from accord.compat.pytest import SessionFixtures, drop_fixtures
from accord.gherkin.collector import FeatureFile
from accord.gherkin.item import Scenario, breaks
from accord.gherkin.rules.catalogue import name_of
from accord.gherkin.rules.switches import SWITCHES, Switches
from accord.gherkin.rules.tags import TAGS, Tags, unknown_tag
from accord.running import RUNNING
from accord.steps.definitions import owner


class Features:
    """Has pytest collect feature files."""

    def __init__(self, config: pytest.Config) -> None:
        self._running = config.stash[RUNNING]
        self._session_fixtures = SessionFixtures()
        config.stash[TAGS] = Tags(config)
        config.stash[SWITCHES] = Switches(config)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Have the garbage collector wait while scenarios are collected."""
        with uncollected():
            return (yield)

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect feature files."""
        if file_path.suffix != ".feature":
            return None
        collector: pytest.Collector = FeatureFile.from_parent(parent, path=file_path)
        return collector

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        """Have no filter by tags pass over a scenario whose tag is not known: it may be the one that it looks for."""
        untagged = [it for it in items if config.option.markexpr and breaks(it, name_of(unknown_tag))]
        result = yield
        chosen = {id(item) for item in items}
        items += [item for item in untagged if id(item) not in chosen]
        return result

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """All that is loaded by now stays until the end."""
        session.config.add_cleanup(freeze_loaded())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Give a scenario the session's fixtures that others before it had."""
        if isinstance(item, Scenario):
            self._running.begin_scenario()
            self._session_fixtures.give(item, owner(item))
        else:
            self._session_fixtures.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Keep the session's fixtures, and drop the scenario's own."""
        __tracebackhide__ = True
        try:
            return (yield)
        finally:
            if isinstance(item, Scenario):
                self._session_fixtures.keep(item, owner(item))
            # After pytest's own hook, which tears them down.
            drop_fixtures(item)
