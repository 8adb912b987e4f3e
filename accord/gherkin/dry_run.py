"""`--dry-run`: nothing runs, and each step that has no definition, or several, is shown with its line."""

from argparse import ArgumentError
from collections.abc import Iterator
from contextlib import suppress

import pytest

from accord.basics.text import visible
from accord.errors import AmbiguousStepError, FaultyFeatureError
from accord.gherkin.ahead import is_expected_to_fail
from accord.gherkin.item import FaultyPart, FaultyScenario, raise_faults
from accord.running import scenario_of
from accord.steps.definitions import Definitions
from accord.steps.undefined import UndefinedSteps

OPTION = "accord_dry_run"


def add_option(group: pytest.OptionGroup) -> None:
    """Add the option by a name that is Accord's alone."""
    group.addoption(
        "--accord-dry-run",
        action="store_true",
        help="run nothing, and show each step without a definition (--dry-run, unless the project has such an option)",
    )


def add_usual_name(parser: pytest.Parser) -> None:
    """Add the name that Cucumber has for the option, if neither a plugin nor a conftest of the project has it."""
    with suppress(ValueError, ArgumentError):
        parser.getgroup("accord").addoption("--dry-run", dest=OPTION, action="store_true", help="as --accord-dry-run")


class DryRun:
    """Runs nothing; the run fails if a scenario would for its feature file, or for want of a step definition."""

    def __init__(self, definitions: Definitions, undefined: UndefinedSteps) -> None:
        self._definitions = definitions
        self._undefined = undefined
        self._faults: dict[str, None] = {}
        self._undefined_steps: set[str] = set()
        self._scenarios = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Look at each scenario in the place of running it."""
        # pytest itself ends a run in which something cannot be collected.
        if session.testsfailed:
            return None
        for item in session.items:
            self._faults.update(dict.fromkeys(self._faults_of(item)))
            is_expected = is_expected_to_fail(item)
            if not isinstance(item, FaultyScenario):
                noted = self._undefined.note(item, is_expected=is_expected)
                self._undefined_steps.update([] if is_expected else noted)
        session.testsfailed = self._problems
        return True

    @property
    def _problems(self) -> int:
        return len(self._faults) + len(self._undefined_steps)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show what was found, below the undefined steps."""
        terminalreporter.section("dry run")
        for sentence in self._faults:
            terminalreporter.write_line(f"{visible(sentence)}\n", red=True)
        scenarios = f"{self._scenarios} scenario{'' if self._scenarios == 1 else 's'}"
        number = self._problems
        found = f"{number} problem{'' if number == 1 else 's'}, shown above" if number else "each step has a definition"
        terminalreporter.write_line(f"{scenarios}, none of them run: {found}.")

    def _faults_of(self, item: pytest.Item) -> Iterator[str]:
        if isinstance(item, FaultyScenario | FaultyPart):
            try:
                raise_faults(item)
            except FaultyFeatureError as error:
                yield str(error)
        elif (found := scenario_of(item)) is not None:
            self._scenarios += 1
            template, values = found
            for step in template.render(values).steps:
                try:
                    self._definitions.resolve(step, item)
                except AmbiguousStepError as error:
                    yield str(error)
