"""What Accord uses of other packages beyond their documented interface; nothing else in Accord does.

Tested against CPython 3.11, pytest-bdd 9.0, pytest 9.0 to 9.2, pytest-asyncio 1.5 and pytest-split 0.11.
`tests/test_internals.py` holds each name against the releases that are installed, and says which of them moved.
"""

import asyncio
import atexit
import hashlib
import importlib
import inspect
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ExceptionChainRepr, ExceptionRepr, ReprEntryNative
from _pytest.fixtures import FixtureDef
from gherkin.ast_builder import AstBuilder
from gherkin.dialect import Dialect
from gherkin.errors import CompositeParserException
from gherkin.parser import Parser as GherkinParser
from gherkin.pickles.compiler import Compiler
from gherkin.stream.id_generator import IdGenerator
from pytest_bdd import parsers
from pytest_bdd.compat import get_fixture_names, getfixturedefs
from pytest_bdd.exceptions import GherkinParseError, StepDefinitionNotFoundError
from pytest_bdd.gherkin_parser import Feature as GherkinFeature
from pytest_bdd.gherkin_parser import GherkinDocument
from pytest_bdd.gherkin_parser import Rule as GherkinRule
from pytest_bdd.gherkin_parser import Scenario as GherkinScenario
from pytest_bdd.gherkin_parser import Tag as GherkinTag
from pytest_bdd.parser import Feature, FeatureParser, Scenario, ScenarioTemplate, Step
from pytest_bdd.parsers import StepParser
from pytest_bdd.reporting import scenario_reports_registry, test_report_context_registry
from pytest_bdd.steps import step_function_context_registry

from accord.errors import EmptyFeatureError

__all__ = [
    "RUNNER",
    "Dialect",
    "Document",
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
    "SessionFixtures",
    "Step",
    "StepDefinition",
    "StepDefinitionNotFoundError",
    "StepParser",
    "arguments_of",
    "before_threads_are_joined",
    "begin_with",
    "bound_scenario",
    "count_step_definitions",
    "definition_of",
    "disconnect",
    "drop_task",
    "end_workers",
    "execute",
    "exit_of_worker",
    "forget",
    "forget_report",
    "is_of_pytest",
    "is_of_pytest_bdd",
    "is_regular_expression",
    "is_time_travelling",
    "literal_start",
    "parse",
    "replace_fixture_run",
    "replace_step_call",
    "replace_step_lookup",
    "replace_unawaited_warning",
    "run_exit_functions",
    "settle_id",
    "split_durations",
    "step_definitions",
    "stop_time_travel",
    "tasks_of",
]

# The package's attribute of that name is its decorator, which hides the module.
_scenario: Any = importlib.import_module("pytest_bdd.scenario")
RUNNER = "_session_scoped_runner"  # The fixture with whose value pytest-asyncio runs what is async.
_call_step = _scenario.call_fixture_func
Gathering: Any = asyncio.tasks._GatheringFuture  # type: ignore[attr-defined]  # What `asyncio.gather` returns.
_warnings: Any = warnings

_BLANK = pytest.StashKey[Any]()

StepCall = Callable[..., object]
Report = Callable[[Any], None]


@dataclass(frozen=True)
class Document:
    """A feature file, read: its text, what pytest-bdd runs of it, and the document with every line's number.

    The document has what the feature loses: of two scenarios of one name, pytest-bdd keeps the second. `raw` is the
    same as Gherkin's own parser gives it, and Cucumber Messages want it.
    """

    text: str
    feature: Feature
    document: GherkinDocument
    raw: dict[str, Any]
    ids: IdGenerator

    def pickles(self) -> list[dict[str, Any]]:
        """Return the scenarios and examples, each with the sentences that are to be run."""
        return [dict(pickle) for pickle in Compiler(self.ids).compile(self.raw)]  # type: ignore[arg-type]  # typed dicts


def parse(path: Path, uri: str) -> Document:
    """Read a feature file.

    The ids are the same for the same file in every process, so that streams of several can be joined.
    Raises GherkinParseError, EmptyFeatureError, OSError or UnicodeDecodeError.
    """
    parser = _Parser(str(path.parent), path.name, "utf-8-sig")
    parser.text = path.read_text(encoding="utf-8-sig")
    parser.ids = _Ids(uri)
    try:
        feature = parser.parse()
        return Document(parser.text, feature, parser.document, {"uri": uri, **parser.raw}, parser.ids)
    except (KeyError, TypeError):
        if hasattr(parser, "document"):
            raise
        # The parser gives a document without a feature, and pytest-bdd's own classes can't say that.
        raise EmptyFeatureError from None


class _Ids(IdGenerator):
    def __init__(self, uri: str) -> None:
        super().__init__()
        self._prefix = hashlib.sha256(uri.encode(errors="surrogateescape")).hexdigest()[:8]

    def get_next_id(self) -> str:
        return f"{self._prefix}.{super().get_next_id()}"


class _Parser(FeatureParser):
    text: str
    ids: IdGenerator
    raw: dict[str, Any]
    document: GherkinDocument

    def _parse_feature_file(self) -> GherkinDocument:
        try:
            self.raw = dict(GherkinParser(AstBuilder(self.ids)).parse(self.text))
        except CompositeParserException:
            # pytest-bdd words the fault.
            return super()._parse_feature_file()
        self.document = GherkinDocument.from_dict(self.raw)
        return self.document


def execute(feature: Feature, scenario: Scenario, item: pytest.Function) -> None:
    """Run the scenario's steps with pytest-bdd's own look-up and hooks."""
    __tracebackhide__ = True
    # To be given it as the fixture `request` takes pytest longer than a step does.
    _scenario._execute_scenario(feature, scenario, item._request)


def bound_scenario(item: pytest.Item) -> tuple[ScenarioTemplate, dict[str, str]] | None:
    """Return the scenario that a Python module binds as this test, and the example's values, if it is one."""
    template = _scenario.scenario_wrapper_template_registry.get(getattr(item, "function", None))
    if template is None:
        return None
    values: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
    return template, values.get("_pytest_bdd_example", {})


def begin_with(shown: ExceptionRepr, text: str) -> None:
    """Have what pytest shows of an exception begin with the text, be it shown in another process."""
    first = shown.chain[0][0] if isinstance(shown, ExceptionChainRepr) else shown.reprtraceback
    first.reprentries = [ReprEntryNative([text]), *first.reprentries]


def end_workers(config: pytest.Config) -> None:
    """Have the workers of pytest-xdist end, which would wait for tests until they are killed."""
    config.pluginmanager.getplugin("dsession").triggershutdown()


def exit_of_worker(node: Any) -> tuple[str, str]:
    """Return the name of a worker of pytest-xdist that has died, and how: by which signal, or with which code."""
    gateway = getattr(node, "gateway", None)
    name = str(getattr(gateway, "id", "of that scenario"))
    process: Any = getattr(getattr(gateway, "_io", None), "popen", None)
    try:
        code = process.wait(timeout=1)
        return name, signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except (AttributeError, ValueError, subprocess.TimeoutExpired):  # It may have run on another machine.
        return name, "nobody knows how"


def split_durations(config: pytest.Config) -> dict[str, float] | None:
    """Return the seconds that pytest-split knows tests to take, by node id; None where it is not used."""
    split: Any = config.pluginmanager.get_plugin("pytestsplitplugin")
    return None if split is None else split.cached_durations


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


@dataclass(frozen=True, eq=False)
class StepDefinition:
    """A step definition, which pytest-bdd keeps as a fixture; `kind` is None where it is for any keyword."""

    kind: str | None
    parser: StepParser
    function: Callable[..., object]
    fixture: Any


def step_definitions(node: pytest.Collector) -> list[StepDefinition]:
    """Return the step definitions that are visible to a node, in the order in which pytest-bdd meets them."""
    manager = node.session._fixturemanager
    return [
        definition_of(fixture)
        for name in get_fixture_names(fixturemanager=manager)
        for fixture in getfixturedefs(manager, name, node) or []
        if fixture.func in step_function_context_registry
    ]


def definition_of(fixture: Any) -> StepDefinition:
    """Return the step definition that is kept as this fixture."""
    context = step_function_context_registry[fixture.func]
    return StepDefinition(context.type, context.parser, context.step_func, fixture)


def is_of_pytest_bdd(definition: StepDefinition) -> bool:
    """Tell whether it is pytest-bdd's own, such as `I set a trace`."""
    return definition.function.__module__.startswith("pytest_bdd.")


def count_step_definitions() -> int:
    """Return how many step definitions there are in this process."""
    return len(step_function_context_registry)


def literal_start(parser: StepParser) -> tuple[str, bool]:
    """Return the words with which all sentences of a parser begin, and whether there are no others in them."""
    if type(parser) is parsers.string:
        return parser.name, True
    if type(parser) in (parsers.parse, parsers.cfparse):
        return re.split("[{}]", parser.name, maxsplit=1)[0], False
    return "", False


def arguments_of(parser: StepParser, sentence: str) -> list[tuple[int | None, str | None]]:
    """Return where in the sentence its arguments begin, and their text; a parser of another's need not tell where.

    A part of a regular expression that is not there has neither.
    """
    if isinstance(parser, parsers.parse):
        spans: dict[Any, tuple[int, int]] = parser.parser.parse(sentence).spans
        return [(start, sentence[start:end]) for start, end in sorted(spans.values())]
    if isinstance(parser, parsers.re) and (match := parser.regex.fullmatch(sentence)):
        starts = [match.start(group) for group in range(1, parser.regex.groups + 1)]
        return [(None if start < 0 else start, text) for start, text in zip(starts, match.groups(), strict=True)]
    return [(None, str(value)) for value in (parser.parse_arguments(sentence) or {}).values()]


def is_regular_expression(parser: StepParser) -> bool:
    """Tell whether the parser's sentence is a regular expression."""
    return isinstance(parser, parsers.re)


def replace_step_lookup(find: Callable[[Step, pytest.Item], list[StepDefinition]]) -> Callable[[], None]:
    """Have pytest-bdd take the nearest of the step definitions that are found so; return what undoes it.

    By itself it registers a fixture for each step, and reads the step function's signature twice.
    """

    def get_step_function(request: pytest.FixtureRequest, step: Step) -> Any:
        __tracebackhide__ = True
        # Of two that are visible to one item, the base of the nearer one is below the other's.
        nearest_last = sorted(find(step, request.node), key=lambda definition: len(definition.fixture.baseid))
        return step_function_context_registry[nearest_last[-1].fixture.func] if nearest_last else None

    replacements = {
        "get_step_function": get_step_function,
        "get_required_args": lru_cache(maxsize=None)(_scenario.get_required_args),
        "signature": lru_cache(maxsize=None)(inspect.signature),
        "inject_fixture": _inject,
    }
    previous = {name: getattr(_scenario, name) for name in replacements}
    vars(_scenario).update(replacements)
    return lambda: vars(_scenario).update(previous)


def _inject(request: Any, arg: str, value: object) -> None:
    """Give a value to whoever asks for the fixture of that name from now on, until the test ends.

    pytest-bdd registers a fixture for it, which pytest keeps until the run ends, and the value with it.
    """
    if (blank := request.config.stash.get(_BLANK, None)) is None:
        # The one kind of fixture that pytest makes at any time; without what is of this test, it serves them all.
        blank = request.config.stash[_BLANK] = request._get_active_fixturedef("request")
        blank.node = blank.func = blank.cached_result = None
    fixture = copy(blank)
    fixture.argname, fixture.cached_result = arg, (value, None, None)
    request._fixture_defs[arg] = fixture


def forget(item: pytest.Item) -> None:
    """Drop what pytest and pytest-bdd keep of a test that has ended until the run ends, and look at no more."""
    scenario_reports_registry.pop(item, None)
    fixtures = _fixtures_of(item)
    for fixture in fixtures.values():
        # Fixtures that outlast the test are to finish those of the test first, which have finished.
        fixture._finalizers[:] = [finalizer for finalizer in fixture._finalizers if not _has_finished(finalizer)]
    fixtures.clear()


class SessionFixtures:
    """The fixtures of the session's scope that scenarios had, for others that see the same fixtures.

    pytest goes through all that each of them is made of, for every test that asks for it, which takes longer than a
    step. What may differ from test to test is left to it: one that is parametrized, or overridden.
    """

    def __init__(self) -> None:
        self._known: dict[pytest.Collector, dict[str, Any]] = {}

    def give(self, item: pytest.Item, home: pytest.Collector) -> None:
        """Have a scenario that has not begun take the fixtures that are known in its home as they are."""
        known = self._known.get(home, {})
        _fixtures_of(item).update({name: fixture for name, fixture in known.items() if fixture.cached_result})

    def keep(self, item: pytest.Item, home: pytest.Collector) -> None:
        """Note the fixtures of a scenario that has ended."""
        known = self._known.setdefault(home, {})
        for name, fixture in _fixtures_of(item).items():
            if name not in known and _is_of_session(fixture):
                visible = getfixturedefs(item.session._fixturemanager, name, item)
                if visible is not None and len(visible) == 1:
                    known[name] = fixture

    def clear(self) -> None:
        """Know none any more: a test that is no scenario may give them other parameters."""
        self._known.clear()


def _fixtures_of(item: pytest.Item) -> dict[str, Any]:
    fixtures: dict[str, Any] = item._request._fixture_defs if hasattr(item, "_request") else {}
    return fixtures


def _is_of_session(fixture: Any) -> bool:
    return type(fixture) is FixtureDef and fixture.scope == "session" and fixture.params is None


def forget_report(report: pytest.TestReport) -> None:
    """Drop what pytest-bdd keeps beside a report, once all have seen it."""
    test_report_context_registry.pop(report, None)


def _has_finished(finalizer: Any) -> bool:
    finish = finalizer.func if isinstance(finalizer, partial) else None
    fixture = getattr(finish, "__self__", None)
    return isinstance(fixture, FixtureDef) and fixture.cached_result is None


def replace_fixture_run(runner: Any, complete: Callable[..., object]) -> None:
    """Have pytest-asyncio run async fixtures and tests through `complete(coroutine, loop, context)`, by this runner."""

    def run(coroutine: object, *, context: object = None) -> object:
        __tracebackhide__ = True
        return complete(coroutine, runner.get_loop(), context)

    runner.run = run


def drop_task(task: asyncio.Task[Any]) -> None:
    """Have asyncio wait for the task no more, neither where a runner is closed, and not complain of it either."""
    asyncio._unregister_task(task)
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # as `asyncio.gather` does


def tasks_of(value: Any) -> list["asyncio.Task[Any]"]:
    """Return the tasks that the value is, or has: a task, what was gathered, a group of tasks."""
    if isinstance(value, asyncio.Task):
        return [value]
    if isinstance(value, Gathering):
        return [it for it in value._children if isinstance(it, asyncio.Task)]
    if type(value).__module__.startswith(("asyncio", "anyio")):
        return [it for it in getattr(value, "_tasks", ()) if isinstance(it, asyncio.Task)]
    return []


def run_exit_functions() -> None:
    """Do what was registered to be done when the process ends, which `os._exit` would leave out."""
    atexit._run_exitfuncs()


def before_threads_are_joined(do: Callable[[], object]) -> None:
    """Have this done when the process ends, before it waits for threads, those of executors among them."""
    # The last to be registered is called first, and executors register when they are imported.
    importlib.import_module("concurrent.futures.thread")
    threading._register_atexit(do)  # type: ignore[attr-defined]


def replace_unawaited_warning(make: Callable[[Report], Report]) -> Callable[[], None]:
    """Have CPython report coroutines that are dropped unawaited through `make(its own way)`; return what undoes it.

    Its own way is a warning, which filters, `catch_warnings` and pytest's capture may swallow.
    """
    original = _warnings._warn_unawaited_coroutine
    _warnings._warn_unawaited_coroutine = make(original)

    def undo() -> None:
        _warnings._warn_unawaited_coroutine = original

    return undo


def disconnect(loop: Any) -> None:
    """Cut the connections of a loop in a process that was forked while it ran: what is sent there is its parent's.

    They are led to nowhere rather than closed, since who closes a connection says so to the other end.
    """
    selector = getattr(loop, "_selector", None)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in list((selector and selector.get_map()) or ()):
        with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
            connection.getpeername()
            os.dup2(nowhere, descriptor)
    os.close(nowhere)


def is_of_pytest(handler: logging.Handler) -> bool:
    """Whether pytest put it there, as it does for each phase of each test."""
    return type(handler).__module__ == "_pytest.logging"


def is_time_travelling() -> bool:
    """Whether time-machine, where it is used, is under way. What freezegun replaces can be seen."""
    time_machine: Any = sys.modules.get("time_machine")
    return time_machine is not None and bool(time_machine.escape_hatch.is_travelling())


def stop_time_travel() -> None:
    """Have time-machine end, whoever began it."""
    time_machine: Any = sys.modules.get("time_machine")
    while is_time_travelling():
        time_machine.travel(0).stop()
