"""What runs now: the test, its scenario and the step. It is kept here once; all rooms read it, and messages name it."""

from collections.abc import Generator
from pathlib import Path

import pytest

from accord.basics.source import location
from accord.compat.internals import Feature, Scenario, Step


class Running:
    """What runs now, noted by hooks that come before those of all rooms."""

    def __init__(self, rootpath: Path = Path()) -> None:
        self._rootpath = rootpath
        self.item: pytest.Item | None = None
        self.scenario: str | None = None
        """The scenario, as messages name it: The scenario `A task` (features/tasks.feature:3). None in a plain test."""
        self.feature: Feature | None = None
        self.step: str | None = None
        """The step, as messages name it; None where none runs."""
        self.last_step: Step | None = None
        """The step that runs, or that ran last in this test."""

    @property
    def name(self) -> str:
        """The step that runs, or else the scenario or the test, as messages name it."""
        return self.step or self.scenario or (describe(self.item) if self.item is not None else "A scenario")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test begins."""
        self.item = item
        self.scenario = self.feature = self.step = self.last_step = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_before_scenario(self, feature: Feature, scenario: Scenario) -> None:
        """Its scenario begins, which a Python module may have bound."""
        self.feature = feature
        where = location(feature.filename, scenario.line_number, self._rootpath)
        self.scenario = f"The scenario `{scenario.name}` ({where})"

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_before_step(self, feature: Feature, step: Step) -> None:
        """A step begins."""
        self.last_step = step
        self.step = (
            f"The step `{step.keyword} {step.name}` ({location(feature.filename, step.line_number, self._rootpath)})"
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_step_func_lookup_error(self, step: Step) -> None:
        """A step has no definition."""
        self.last_step = step

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_bdd_after_scenario(self) -> Generator[None, object, object]:
        """The steps are over."""
        result = yield
        self.step = None
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """The test is over once its fixtures are."""
        try:
            return (yield)
        finally:
            self.scenario = self.step = None


def describe(item: pytest.Item, kind: str = "test") -> str:
    """Name a test, as in: The test `test_it` (tests/test_it.py:3)."""
    path, line, _name = item.reportinfo()
    return f"The {kind} `{item.name}` ({location(Path(path), (line or 0) + 1, item.config.rootpath)})"


RUNNING = pytest.StashKey[Running]()
