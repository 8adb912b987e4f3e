"""What Accord uses of other packages beyond their documented interface; nothing else in Accord does.

Tested against CPython 3.11, pytest-bdd 9.0, pytest 9.0 to 9.2 and pytest-asyncio 1.5. `tests/test_internals.py` holds
each name against the releases that are installed, and says which of them moved.
"""

import asyncio
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ExceptionRepr
from gherkin.dialect import Dialect
from pytest_bdd.exceptions import GherkinParseError, StepDefinitionNotFoundError
from pytest_bdd.gherkin_parser import Feature as GherkinFeature
from pytest_bdd.gherkin_parser import GherkinDocument
from pytest_bdd.gherkin_parser import Rule as GherkinRule
from pytest_bdd.gherkin_parser import Scenario as GherkinScenario
from pytest_bdd.gherkin_parser import Tag as GherkinTag
from pytest_bdd.parser import Feature, FeatureParser, Scenario, ScenarioTemplate, Step
from pytest_bdd.steps import step_function_context_registry

__all__ = [
    "Dialect",
    "EmptyFeatureError",
    "ExceptionRepr",
    "Feature",
    "Gathering",
    "GherkinDocument",
    "GherkinFeature",
    "GherkinParseError",
    "GherkinRule",
    "GherkinScenario",
    "GherkinTag",
    "Scenario",
    "ScenarioTemplate",
    "Step",
    "StepDefinitionNotFoundError",
    "environment",
    "execute",
    "is_of_pytest",
    "is_time_travelling",
    "parse",
    "replace_step_call",
    "replace_step_lookup",
    "replace_unawaited_warning",
    "settle_id",
    "stop_time_travel",
]

# The package's attribute of that name is its decorator, which hides the module.
_scenario: Any = importlib.import_module("pytest_bdd.scenario")
_call_step = _scenario.call_fixture_func
Gathering: Any = asyncio.tasks._GatheringFuture  # type: ignore[attr-defined]  # What `asyncio.gather` returns.
_find_step = _scenario.find_fixturedefs_for_step
_warnings: Any = warnings

StepCall = Callable[..., object]
Report = Callable[[Any], None]


class EmptyFeatureError(Exception):
    """The file has no feature in it."""


def parse(path: Path) -> tuple[Feature, GherkinDocument]:
    """Read a feature file: what pytest-bdd runs, and the document with every line's number.

    The document has what the feature loses: of two scenarios of one name, pytest-bdd keeps the second.
    Raises GherkinParseError, EmptyFeatureError, OSError or UnicodeDecodeError.
    """
    parser = _Parser(str(path.parent), path.name, "utf-8-sig")
    try:
        return parser.parse(), parser.document
    except (KeyError, TypeError):
        if hasattr(parser, "document"):
            raise
        # The parser gives a document without a feature, and pytest-bdd's own classes can't say that.
        raise EmptyFeatureError from None


class _Parser(FeatureParser):
    document: GherkinDocument

    def _parse_feature_file(self) -> GherkinDocument:
        self.document = super()._parse_feature_file()
        return self.document


def execute(feature: Feature, scenario: Scenario, request: pytest.FixtureRequest) -> None:
    """Run the scenario's steps with pytest-bdd's own look-up and hooks."""
    __tracebackhide__ = True
    _scenario._execute_scenario(feature, scenario, request)


def settle_id(item: pytest.Item) -> None:
    """Have the item's id equal what pytest reads back from its text, so that `--lf` finds the item again.

    Since 9.2 an id has parts, and pytest takes apart what it saved; that an item which was not made by `parametrize`
    has an example in brackets, it can't know.
    """
    if hasattr(item, "_id"):
        item._id = type(item._id).parse(item.nodeid)


def replace_step_call(make: Callable[[StepCall], StepCall]) -> Callable[[], None]:
    """Have pytest-bdd call step functions through `make(its own way)`; return what undoes it."""
    previous = _scenario.call_fixture_func
    # Not through the previous one: of a run within a run, each awaits its own steps.
    _scenario.call_fixture_func = make(_call_step)

    def undo() -> None:
        _scenario.call_fixture_func = previous

    return undo


def replace_step_lookup(
    see: Callable[[Step, pytest.Item, list[Callable[..., object]]], None],
) -> Callable[[], None]:
    """Have `see` look at the functions of all definitions that match a step; return what undoes it.

    pytest-bdd keeps each definition as a fixture, and takes the nearest of those that match, or any of the nearest.
    """
    previous = _scenario.find_fixturedefs_for_step

    def find(step: Step, fixturemanager: Any, node: pytest.Item) -> list[Any]:
        __tracebackhide__ = True
        found = list(_find_step(step, fixturemanager, node))
        see(step, node, [step_function_context_registry[definition.func].step_func for definition in found])
        return found

    _scenario.find_fixturedefs_for_step = find

    def undo() -> None:
        _scenario.find_fixturedefs_for_step = previous

    return undo


def replace_unawaited_warning(make: Callable[[Report], Report]) -> Callable[[], None]:
    """Have CPython report coroutines that are dropped unawaited through `make(its own way)`; return what undoes it.

    Its own way is a warning, which filters, `catch_warnings` and pytest's capture may swallow.
    """
    original = _warnings._warn_unawaited_coroutine
    _warnings._warn_unawaited_coroutine = make(original)

    def undo() -> None:
        _warnings._warn_unawaited_coroutine = original

    return undo


def environment() -> dict[Any, Any]:
    """Return a copy of the environment as the system has it, encoded; `dict(os.environ)` takes 100 times as long."""
    variables: dict[Any, Any] = os.environ._data.copy()  # type: ignore[attr-defined]
    return variables


def is_of_pytest(handler: logging.Handler) -> bool:
    """Whether pytest put it there, as it does for each phase of each test."""
    return type(handler).__module__ == "_pytest.logging"


def is_time_travelling() -> bool:
    """Whether time-machine, where it is used, is under way. What freezegun replaces can be seen."""
    time_machine: Any = sys.modules.get("time_machine")
    return time_machine is not None and bool(time_machine.escape_hatch.is_travelling())


def stop_time_travel() -> None:
    """Have time-machine and freezegun end, whoever began it."""
    time_machine: Any = sys.modules.get("time_machine")
    while is_time_travelling():
        time_machine.travel(0).stop()
    freezegun: Any = sys.modules.get("freezegun.api")
    while freezegun is not None and freezegun.freeze_factories:
        # Only the one that began knows what it replaced; this one looks for that in all modules.
        freezer = freezegun.freeze_time()
        names = ["time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"]
        names += ["gmtime", "localtime", "strftime"]
        fakes = {getattr(freezegun, f"fake_{name}"): getattr(freezegun, f"real_{name}") for name in names}
        fakes |= {freezegun.FakeDatetime: freezegun.real_datetime, freezegun.FakeDate: freezegun.real_date}
        freezer.fake_names = tuple(fake.__name__ for fake in fakes)
        freezer.reals = {id(fake): real for fake, real in fakes.items()}
        freezer.stop()
