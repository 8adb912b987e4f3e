"""What Accord uses of pytest-bdd that is not documented. Tested against pytest-bdd 9.0."""

import importlib
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import cached_property, wraps
from inspect import Parameter, isfunction, signature
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from pytest_bdd import parsers
from pytest_bdd.compat import get_fixture_names, getfixturedefs
from pytest_bdd.exceptions import GherkinParseError, StepDefinitionNotFoundError, StepImplementationError
from pytest_bdd.gherkin_parser import DataTable, GherkinDocument, Location
from pytest_bdd.gherkin_parser import Scenario as GherkinScenario
from pytest_bdd.gherkin_parser import Step as GherkinStep
from pytest_bdd.parser import Examples, Feature, FeatureParser, Rule, Scenario, ScenarioTemplate, Step
from pytest_bdd.parsers import StepParser
from pytest_bdd.reporting import scenario_reports_registry, test_report_context_registry
from pytest_bdd.steps import step_function_context_registry
from pytest_bdd.types import STEP_TYPE_BY_PARSER_KEYWORD

from accord.basics.source import defined_at
from accord.compat.pytest import all_fixtures

__all__ = [
    "ANY_KIND",
    "DataTable",
    "Examples",
    "Feature",
    "GherkinParseError",
    "Location",
    "Scenario",
    "ScenarioTemplate",
    "Step",
    "StepDefinition",
    "StepDefinitionNotFoundError",
    "StepParser",
    "all_step_definitions",
    "arguments_of",
    "bound_scenario",
    "call_step",
    "count_step_definitions",
    "explain_errors",
    "expression_of",
    "feature_of",
    "files_of_step_definitions",
    "fixture_names",
    "forget_item",
    "forget_report",
    "is_handled",
    "is_of_pytest_bdd",
    "is_regular_expression",
    "kinds_of",
    "language_of",
    "literal_start",
    "parameters_of",
    "replace_execution",
    "rewritten",
    "source_of",
    "step_definitions",
    "syntax_error",
    "under",
    "values_in",
    "with_parser",
]

Execute = Callable[[Feature, Scenario, pytest.FixtureRequest], None]
"""What runs the steps of a scenario."""

ANY_KIND = "step"
"""The kind of a step whose keyword says none, such as a first `*`; the decorator of definitions for any keyword."""

# The package's attribute of that name is its decorator, which hides the module.
_scenario: Any = importlib.import_module("pytest_bdd.scenario")
execute: Execute = _scenario._execute_scenario
"""Runs the steps of a scenario as pytest-bdd itself does."""


def feature_of(path: Path, document: Mapping[str, Any]) -> tuple[Feature, list[ScenarioTemplate]]:
    """Return what pytest-bdd runs of a feature file, of which Gherkin's own parser has made this document.

    The scenarios are returned beside the feature, which has one of each name.
    """
    parser = _Parser(document, path)
    return parser.parse(), parser.templates


class _Parser(FeatureParser):
    def __init__(self, document: Mapping[str, Any], path: Path) -> None:
        super().__init__(str(path.parent), path.name)
        self._document = document
        self.templates: list[ScenarioTemplate] = []

    def _parse_feature_file(self) -> GherkinDocument:
        # pytest-bdd's own method would read and parse the file once more.
        return GherkinDocument.from_dict(dict(self._document))

    def parse_scenario(
        self, scenario_data: GherkinScenario, feature: Feature, rule: Rule | None = None
    ) -> ScenarioTemplate:
        """Return a scenario; a first step that begins with `*` or And goes on from the background's last one."""
        template = super().parse_scenario(scenario_data, feature, rule)
        if before := template.all_background_steps:
            for step in takewhile(lambda step: step.type == ANY_KIND, template._steps):
                step.type = before[-1].type
        self.templates.append(template)
        return template

    def parse_steps(self, steps_data: list[GherkinStep]) -> list[Step]:
        """Return steps; pytest-bdd takes no first one that begins with `*` or And, which Gherkin does."""
        leading = [*takewhile(lambda it: it.keyword_type not in STEP_TYPE_BY_PARSER_KEYWORD, steps_data)]
        if not leading:
            return super().parse_steps(steps_data)
        steps = super().parse_steps([replace(leading[0], keyword_type="Context"), *steps_data[1:]])
        for step in steps[: len(leading)]:
            step.type = ANY_KIND
        return steps


def syntax_error(path: Path) -> GherkinParseError:
    """Return the error of a feature file that is not Gherkin, in pytest-bdd's words."""
    try:
        # The file is parsed again for the error alone, which has the line, and words that pytest-bdd's users know.
        FeatureParser(str(path.parent), path.name, "utf-8-sig").parse()
    except GherkinParseError as error:
        return error
    raise AssertionError(f"{path} is Gherkin")


def bound_scenario(item: pytest.Item) -> tuple[ScenarioTemplate, dict[str, str]] | None:
    """Return the scenario that a Python module binds as this test, and the example's values, if it is one."""
    # Items of other plugins run no function, or have something else under that name.
    if not isfunction(function := getattr(item, "function", None)):
        return None
    if (template := _scenario.scenario_wrapper_template_registry.get(function)) is None:
        return None
    values: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
    return template, values.get("_pytest_bdd_example", {})


def parameters_of(item: pytest.Item) -> str:
    """Return which parameters a scenario runs with, as its node id has them; nothing where it has but an example."""
    call: Any = getattr(item, "callspec", None)
    return "" if call is None or call.params.keys() <= {"_pytest_bdd_example"} else call.id


def replace_execution(run: Execute) -> Callable[[], None]:
    """Have `run` run the scenarios that a Python module binds; return what undoes it."""
    previous = _scenario._execute_scenario
    _scenario._execute_scenario = run

    def undo() -> None:
        _scenario._execute_scenario = previous

    return undo


def call_step(function: Callable[..., object], request: pytest.FixtureRequest, arguments: dict[str, object]) -> object:
    """Call a step function as pytest calls a fixture: what follows a `yield` in it is tear-down."""
    result: object = _scenario.call_fixture_func(fixturefunc=function, request=request, kwargs=arguments)
    return result


class StepDefinition:
    """A step definition, which pytest-bdd registers as a fixture; `kind` is None where it is for any keyword."""

    def __init__(self, fixture: Any) -> None:
        context = step_function_context_registry[fixture.func]
        self.kind: str | None = context.type
        self.parser: StepParser = context.parser
        self.function: Callable[..., object] = context.step_func
        self.target_fixture: str | None = context.target_fixture
        self.baseid: str = fixture.baseid
        """The node id of where it is defined: of two that are visible to a test, the nearer one has the longer."""
        self._converters: dict[str, Callable[[str], object]] = context.converters

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters of the function."""
        return signature(self.function).parameters

    @cached_property
    def required(self) -> list[str]:
        """The parameters that are fixtures where the sentence does not have them."""
        parameters = self.parameters.items()
        return [name for name, it in parameters if it.kind is it.POSITIONAL_OR_KEYWORD and it.default is it.empty]

    def values(self, step: Step) -> list[tuple[str, object]]:
        """Return the values of a step's sentence by their names, before they are converted."""
        return list((self.parser.parse_arguments(step.name) or {}).items())

    def convert(self, name: str, value: Any) -> object:
        """Return a value as its converter makes it, if it has one. Raises what that raises."""
        return self._converters[name](value) if name in self._converters else value

    def unused(self, step: Step) -> list[str]:
        """Return what stands under a step, `datatable` or `docstring`, and is no parameter of the function."""
        return [name for name in under(step) if name not in self.parameters]

    def arguments(self, step: Step) -> dict[str, object]:
        """Return the arguments that a step's sentence has for the function, and its table and doc string.

        Raises StepImplementationError for an argument named like those, and what the conversion of one raises.
        """
        found = self.parser.parse_arguments(step.name) or {}
        if reserved := found.keys() & {"datatable", "docstring"}:
            # In pytest-bdd's words, which its users know.
            names = ", ".join(map(repr, sorted(reserved)))
            raise StepImplementationError(
                f"Step {step.name!r} defines argument names that are reserved: {names}. Please use different names."
            )
        arguments: dict[str, object] = {name: self.convert(name, it) for name, it in found.items()}
        if step.datatable is not None:
            arguments["datatable"] = step.datatable.raw()
        if step.docstring is not None:
            arguments["docstring"] = step.docstring
        return {name: it for name, it in arguments.items() if name in self.parameters}


def under(step: Step) -> list[str]:
    """Return what stands under a step: `datatable`, `docstring`, or neither."""
    given = {"datatable": step.datatable, "docstring": step.docstring}
    return [name for name, it in given.items() if it is not None]


def step_definitions(node: pytest.Collector) -> list[StepDefinition]:
    """Return the step definitions that are visible to a node, in the order in which pytest-bdd meets them."""
    manager = node.session._fixturemanager
    return [
        StepDefinition(fixture)
        for name in get_fixture_names(fixturemanager=manager)
        for fixture in getfixturedefs(manager, name, node) or []
        if fixture.func in step_function_context_registry
    ]


def all_step_definitions(session: pytest.Session) -> list[StepDefinition]:
    """Return all step definitions that were found, wherever they are visible."""
    return [StepDefinition(it) for it in all_fixtures(session) if it.func in step_function_context_registry]


def files_of_step_definitions(session: pytest.Session) -> set[str]:
    """Return the files of all step functions that are visible somewhere."""
    contexts = (step_function_context_registry.get(fixture.func) for fixture in all_fixtures(session))
    return {defined_at(context.step_func)[0] for context in contexts if context is not None}


def fixture_names(node: pytest.Collector) -> list[str]:
    """Return the names of all fixtures of the session, but for those that stand for step definitions."""
    names = get_fixture_names(fixturemanager=node.session._fixturemanager)
    return [name for name in names if not name.startswith("pytestbdd_")]


def count_step_definitions() -> int:
    """Return how many step definitions there are in this process."""
    return len(step_function_context_registry)


def is_of_pytest_bdd(definition: StepDefinition) -> bool:
    """Return whether it is pytest-bdd's own, such as `I set a trace`."""
    return definition.function.__module__.startswith("pytest_bdd.")


def literal_start(parser: StepParser) -> tuple[str, bool]:
    """Return the words with which all sentences of a parser begin, and whether there are no others in them."""
    # Of a subclass nobody knows which sentences it matches.
    if type(parser) is parsers.string:
        return parser.name, True
    if type(parser) in (parsers.parse, parsers.cfparse):
        return re.split("[{}]", parser.name, maxsplit=1)[0], False
    return "", False


def language_of(parser: StepParser) -> str:
    """Return what a parser's sentences are written in, `parse`, `cfparse`, `re` or `other`; nothing for plain text."""
    if isinstance(parser, parsers.string):
        return ""
    known = {parsers.cfparse: "cfparse", parsers.parse: "parse", parsers.re: "re"}
    return next((name for kind, name in known.items() if isinstance(parser, kind)), "other")


def source_of(parser: StepParser) -> str:
    """Return the sentence as it was compiled, of which a project's own parser may show a simpler one as its name."""
    return str(getattr(getattr(parser, "parser", None), "_format", parser.name))


def expression_of(parser: StepParser) -> str:
    """Return the regular expression, with a group for each field, that `parse` makes of a sentence; else nothing."""
    return str(getattr(getattr(parser, "parser", None), "_expression", ""))


def kinds_of(parser: StepParser) -> Mapping[str, Any]:
    """Return the converters, by their names, of the kinds of arguments that a parser was given: `{title:Text}`."""
    kinds: Mapping[str, Any] = getattr(getattr(parser, "parser", None), "_extra_types", {})
    return kinds


def rewritten(parser: StepParser, sentence: str) -> StepParser | None:
    """Return a parser of the same class and kinds for another sentence; None where there can't be one."""
    try:
        if isinstance(parser, parsers.re):
            return parsers.re(sentence, parser.regex.flags)
        if isinstance(parser, parsers.parse):
            is_sensitive = not parser.parser._re_flags & re.IGNORECASE
            same_class = parsers.cfparse if isinstance(parser, parsers.cfparse) else parsers.parse
            return same_class(sentence, extra_types=dict(kinds_of(parser)), case_sensitive=is_sensitive)
    except (re.error, ValueError, KeyError):
        return None
    return parsers.string(sentence) if isinstance(parser, parsers.string) else None


def explain_errors(explain: Callable[[str, str, Mapping[str, Any]], str | None]) -> Callable[[], None]:
    """Have the error of a parser that does not know a field's kind say what `explain` does; return what undoes it.

    That is given the name of the field, its kind, and the kinds that the parser was given.
    """
    undone = [_explain_error(parsers.parse, explain), _explain_error(parsers.cfparse, explain)]

    def undo() -> None:
        for it in undone:
            it()

    return undo


def _explain_error(parser: Any, explain: Callable[[str, str, Mapping[str, Any]], str | None]) -> Callable[[], None]:
    make = parser.__init__

    @wraps(make)
    def make_or_explain(self: Any, name: str, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        try:
            make(self, name, *args, **kwargs)
        except (ValueError, KeyError) as error:
            kinds = next((it for it in (*args, *kwargs.values()) if isinstance(it, Mapping)), {})
            for field, kind in _FIELD.findall(name):
                try:
                    make(object.__new__(parser), f"{{{field or 'it'}:{kind}}}", *args, **kwargs)
                except (ValueError, KeyError):
                    if text := explain(field, kind, kinds):
                        # It stays the error that it is to whoever takes it.
                        error.args = (text,)
                    break
            raise

    parser.__init__ = make_or_explain

    def undo() -> None:
        parser.__init__ = make

    return undo


_FIELD = re.compile(r"\{([\w-]*)[^{}:]*:([^{}]+)\}")


def with_parser(name: str, sentence: str) -> StepParser | None:
    """Return pytest-bdd's parser of a name, `parse` or `re`, for a sentence; None where it cannot read that."""
    try:
        return parsers.re(sentence) if name == "re" else parsers.parse(sentence)
    except (re.error, ValueError, KeyError, NotImplementedError):
        return None


def values_in(parser: StepParser, sentence: str) -> dict[str, Any] | None:
    """Return the values that a parser finds in a sentence, by their names; None where it does not match."""
    try:
        return (parser.parse_arguments(sentence) or {}) if parser.is_matching(sentence) else None
    except Exception:  # A converter of the project's may raise anything.
        return None


def arguments_of(parser: StepParser, sentence: str) -> list[tuple[int | None, str | None]]:
    """Return where in the sentence its arguments begin, and their text; a third party's parser need not say where.

    A part of a regular expression that is not there has neither.
    """
    if isinstance(parser, parsers.parse):
        spans: dict[Any, tuple[int, int]] = parser.parser.parse(sentence).spans
        return [(start, sentence[start:end]) for start, end in sorted(spans.values())]
    if isinstance(parser, parsers.re) and (match := parser.regex.fullmatch(sentence)):
        starts = [match.start(group) for group in range(1, parser.regex.groups + 1)]
        # `re` has -1 for a group that took no part in the match.
        return [(None if start < 0 else start, text) for start, text in zip(starts, match.groups(), strict=True)]
    return [(None, str(value)) for value in (parser.parse_arguments(sentence) or {}).values()]


def is_regular_expression(parser: StepParser) -> bool:
    """Return whether the parser's sentence is a regular expression."""
    return isinstance(parser, parsers.re)


def forget_item(item: pytest.Item) -> None:
    """Drop what pytest-bdd keeps of a test until the run ends, and looks at no more."""
    scenario_reports_registry.pop(item, None)


def forget_report(report: pytest.TestReport) -> None:
    """Drop what pytest-bdd keeps beside a report, once all have seen it."""
    # A subtest's has no hash, so that nothing can be kept beside it.
    if isinstance(report, Hashable):
        test_report_context_registry.pop(report, None)


def is_handled(config: pytest.Config, tag: str) -> bool:
    """Return whether a hook `pytest_bdd_apply_tag` other than pytest-bdd's own takes care of a tag."""
    name = "pytest_bdd_apply_tag"
    plugins = [it.plugin for it in getattr(config.hook, name).get_hookimpls()]
    own = [plugin for plugin in plugins if getattr(plugin, "__name__", "") == "pytest_bdd.plugin"]
    if len(own) == len(plugins):
        return False
    others = config.pluginmanager.subset_hook_caller(name, own)
    return others(tag=tag, function=lambda: None) is not None
