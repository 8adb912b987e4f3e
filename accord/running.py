"""What runs now: the test, its scenario, the step, and the request that is served.

It is noted here once; all rooms read it, messages name it.
"""

import asyncio
from collections.abc import Generator, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

from accord.basics.failures import named, own_traceback, shortened
from accord.basics.source import location
from accord.compat.cpython import context_of
from accord.compat.fastapi import InvalidResponse
from accord.compat.pytest_bdd import Feature, Scenario, ScenarioTemplate, Step, bound_scenario
from accord.compat.pytest_check import failed_checks

_STOPPED = "accord_stopped"
_NOTICES = "accord_notices"
LAZY = (
    "since an attribute was to be loaded where nothing is awaited: load it in the query, as with `selectinload`, or "
    "keep it after a commit, with `expire_on_commit=False`"
)
# All that a test may have of Accord's database and event loop rests on one of these.
_FIXTURES = {"isolation", "session_loop"}


@dataclass
class Served:
    """What the app does: it serves a request, or served it, or has been started."""

    name: str
    """As POST /tasks."""
    scope: MutableMapping[str, Any] = field(default_factory=dict)
    """The request's ASGI scope, into which the app writes as it goes; empty at the app's startup."""
    status: int | None = None
    """The status of its response, once there is one."""
    is_over: bool = False


SERVED: ContextVar[Served | None] = ContextVar("SERVED", default=None)
"""What the app does in this context; a task that it starts has a copy of that. None in a step or in a fixture."""


AT_PROMPT: ContextVar[bool] = ContextVar("AT_PROMPT", default=False)
"""Whether this was asked for at the prompt of a debugger, and is no part of what the scenario does."""


def served_by(task: "asyncio.Task[Any]") -> Served | None:
    """Return what of the app the task is of: a request, or its startup. None for one of a step or a fixture."""
    return context_of(task).get(SERVED)


def request_of(task: "asyncio.Task[Any]") -> Served | None:
    """Return the request that the task serves, or that has started it, if one has."""
    served = served_by(task)
    return served if served is not None and served.scope else None


def scenario_of(item: pytest.Item) -> tuple[ScenarioTemplate, dict[str, str]] | None:
    """Return the scenario that a test is, of a feature file or bound by a Python module, and an example's values."""
    # The items of feature files are made in a room above.
    template: object = getattr(item, "template", None)
    if isinstance(template, ScenarioTemplate):
        row: dict[str, str] = getattr(item, "row", {})
        return template, row
    return bound_scenario(item)


def is_scenario(item: pytest.Item) -> bool:
    """Return whether a test is a scenario, of a feature file or bound by a Python module."""
    return scenario_of(item) is not None


class Running:
    """What runs now, noted by hooks that come before those of all rooms."""

    def __init__(self, rootpath: Path = Path()) -> None:
        self._rootpath = rootpath
        self.item: pytest.Item | None = None
        self.is_of_feature_file = False
        """Whether the test is a scenario that no Python module binds."""
        self.scenario: str | None = None
        """The scenario, as in: The scenario `A new task` (features/tasks.feature:3). None in a plain test."""
        self.feature: Feature | None = None
        self.step: str | None = None
        """The step, as messages name it; None where none runs."""
        self.last_step: Step | None = None
        """The step that runs, or that ran last in this test."""
        self.has_held = False
        """Whether that step has come to its end."""
        self.failed_checks: list[tuple[Step, str]] = []
        """What failed in steps of this test that went on, as a check of pytest-check, and in which of them."""
        self.app_errors: list[str] = []
        """Requests of this test that the app did not handle, each with the error and where the project raised it."""
        self.loop: asyncio.AbstractEventLoop | None = None
        """The event loop of the session, once async steps or fixtures of Accord have run on it."""
        self.serving_loop: asyncio.AbstractEventLoop | None = None
        """The event loop on which requests of this test were served, if any were."""

        self.notices: list[str] = []
        """Sentences that are shown once at the end of the run."""
        self.details = ""
        """What is shown above the sentence with which the run was stopped."""

    @property
    def name(self) -> str:
        """The step that runs, or else the scenario or the test, as messages name it."""
        return self.step or self.scenario or self.test

    @property
    def test(self) -> str:
        """The test, be it a scenario, as messages name it."""
        if self.item is None:
            return "A scenario"
        path, line, _name = self.item.reportinfo()
        kind = "scenario" if self.is_of_feature_file else "test"
        return f"The {kind} `{self.item.name}` ({location(Path(path), (line or 0) + 1, self._rootpath)})"

    def cause(self, error: BaseException) -> str:
        """Return what an error says and where the project raised it: `RuntimeError: cache miss (app/cache.py:41)`."""
        # A group of one is what task groups make of an error.
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        place, _traceback = own_traceback(error, self._rootpath)
        said = named(error)
        # Where it was raised there is nothing of the project's but a middleware, at most.
        if (invalid := InvalidResponse.of(error)) is not None:
            said = shortened(f"{type(error).__name__}: {invalid.text}")
            place = location(invalid.file, invalid.line or 0, self._rootpath) if invalid.file else place
        advice = f", {LAZY}" if "MissingGreenlet" in said else ""
        return f"{said}{f' ({place})' if place else ''}{advice}"

    def begin_scenario(self) -> None:
        """The test is a scenario of a feature file, whose fixtures are set up next."""
        self.is_of_feature_file = True
        self.scenario = self.test

    @property
    def is_scenario(self) -> bool:
        """Whether the test is a scenario, of a feature file or bound by a Python module."""
        return self.item is not None and is_scenario(self.item)

    @property
    def uses_accord(self) -> bool:
        """Whether the test is a scenario, or has part in Accord by its fixtures."""
        return self.is_scenario or not _FIXTURES.isdisjoint(getattr(self.item, "fixturenames", ()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test begins."""
        self.item = item
        self.is_of_feature_file = False
        self.scenario = self.feature = self.step = self.last_step = None
        self.has_held = False
        self.failed_checks, self.app_errors = [], []
        self.serving_loop = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_before_scenario(self, feature: Feature, scenario: Scenario) -> None:
        """Its scenario begins, which a Python module may have bound."""
        self.feature = feature
        where = location(feature.filename, scenario.line_number, self._rootpath)
        self.scenario = f"The scenario `{scenario.name}` ({where})"

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_before_step(self, feature: Feature, step: Step) -> None:
        """A step begins."""
        self.last_step, self.has_held = step, False
        self.step = (
            f"The step `{step.keyword} {step.name}` ({location(feature.filename, step.line_number, self._rootpath)})"
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_after_step(self, step: Step) -> None:
        """A step has returned; what failed in it nevertheless is its own."""
        self.has_held = True
        known = len(self.failed_checks)
        self.failed_checks += [(step, check) for check in failed_checks()[known:]]

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_step_func_lookup_error(self, step: Step) -> None:
        """A step has no definition."""
        self.last_step, self.has_held = step, False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_bdd_after_scenario(self) -> Generator[None, object, object]:
        """The steps are over."""
        __tracebackhide__ = True
        result = yield
        self.step = None
        return result

    # Innermost: what is dropped with the fixtures is the scenario's, and what is dropped after that is not.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """The test is over once its fixtures are."""
        __tracebackhide__ = True
        try:
            return (yield)
        finally:
            self.scenario = self.step = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over a worker's notices, and end the run as it did; one that crashed says nothing."""
        # A worker that crashed has no such attribute.
        output = getattr(node, "workeroutput", {})
        self.notices += output.get(_NOTICES, [])
        if (stopped := output.get(_STOPPED)) is not None:
            stop_run(node.config, *stopped)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand a worker's notices to the controller."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_NOTICES] = self.notices

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show each notice once, and why the run was stopped, where that takes more than a sentence."""
        if self.notices:
            # Else it would look like the end of what is shown of the last failure.
            terminalreporter.section("notices")
        for notice in dict.fromkeys(self.notices):
            terminalreporter.write_line(notice, yellow=True)
        if self.details:
            terminalreporter.section("stopped", red=True)
            terminalreporter.write_line(self.details)


def stop_run(config: pytest.Config, sentence: str, details: str = "") -> NoReturn:
    """End the run with a sentence, below details if there are any; a worker of pytest-xdist has the controller do so.

    Without details it is the user who can mend it; with them something of the project failed, as a test does.
    """
    if hasattr(config, "workeroutput"):
        # pytest-xdist carries this to the controller when the worker ends, but no sentence of `pytest.exit`.
        config.workeroutput[_STOPPED] = sentence, details
    config.stash[RUNNING].details = details
    pytest.exit(sentence, returncode=pytest.ExitCode.TESTS_FAILED if details else pytest.ExitCode.USAGE_ERROR)


RUNNING = pytest.StashKey[Running]()
