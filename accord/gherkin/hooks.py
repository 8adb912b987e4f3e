"""The hooks by which feature files are collected, and by which their scenarios cost little."""

from collections.abc import Generator
from pathlib import Path

import pytest

from accord.basics.garbage import freeze_loaded, uncollected
from accord.compat.pytest import SessionFixtures, drop_fixtures
from accord.gherkin import binding
from accord.gherkin.collector import FeatureFile
from accord.gherkin.document import Document
from accord.gherkin.item import Scenario
from accord.running import RUNNING
from accord.steps.definitions import owner


class Features:
    """Has pytest collect feature files."""

    def __init__(self, config: pytest.Config) -> None:
        self._running = config.stash[RUNNING]
        self._session_fixtures = SessionFixtures()
        self._read: set[str] = set()

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

    def pytest_accord_feature(self, document: Document) -> None:
        """A feature file was read."""
        self._read.add(document.uri)

    # First: what else selects among the items need not know of those that do not run.
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Have features that Python modules bind run there alone."""
        if not (features := binding.features_of(items)):
            return
        items[:] = binding.without(items, features)
        for feature in features:
            document = binding.document_of(feature, config.rootpath)
            if document is not None and document.uri not in self._read:
                config.hook.pytest_accord_feature(document=document)

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
