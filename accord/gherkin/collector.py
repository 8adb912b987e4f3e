"""A .feature file is a test file: its scenarios are pytest items, and what cannot be trusted is refused.

A file that a Python module binds as well, with pytest-bdd's `scenarios()`, runs in both places, each time with the
step definitions that are visible there.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from accord.basics.source import relative
from accord.basics.text import visible
from accord.compat.internals import (
    Dialect,
    Document,
    ExceptionRepr,
    Feature,
    GherkinDocument,
    GherkinFeature,
    GherkinParseError,
    GherkinRule,
    GherkinScenario,
    GherkinTag,
    ScenarioTemplate,
    Step,
    StepDefinitionNotFoundError,
    begin_with,
    execute,
    parse,
    settle_id,
)
from accord.compat.internals import Scenario as RenderedScenario
from accord.errors import EmptyFeatureError
from accord.recording.recorder import Recorder
from accord.reporting.failures import is_of_text, named
from accord.steps.awaiting import from_step
from accord.steps.definitions import snippet

CURRENT_STEP = pytest.StashKey[Step]()
RECORDER = pytest.StashKey[Recorder]()
LONGEST_EXAMPLE = 60

Rows = dict[int, list[int]]
"""The lines of an Examples table's rows, by the line of its keyword."""


class FeatureFile(pytest.Module):
    """A feature file; it collects its rules and scenarios."""

    obj = None  # There is no Python module behind it, and pytest must not import one (so does pytest's doctest).

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the scenarios, those of a rule under the rule.

        Raises CollectError, each fault with its line, for a file that can't be read or whose green would be a lie.
        """
        read = self._parse()
        feature, document = read.feature, read.document
        if faults := sorted(_faults(feature, document, _known_tags(self.config))):
            raise self._refusal(*faults)
        self.config.stash[RECORDER].read(read)
        rows = {
            examples.location.line: [row.location.line for row in examples.table_body or []]
            for scenario in _scenarios_of(document)
            for examples in scenario.examples
        }
        for rule, templates in groupby(feature.scenarios.values(), key=lambda template: template.rule):
            if rule is None:
                for template in templates:
                    yield from _scenarios(self, template, rows)
            else:
                # A node id is cut at `::` first, but only what stands before the first `[` of it.
                name = _node_name(rule.name).replace("[", "(").replace("]", ")")
                yield Rule.from_parent(self, name=name, templates=list(templates), rows=rows)

    def _parse(self) -> Document:
        try:
            return parse(self.path, relative(self.path, self.config.rootpath))
        except GherkinParseError as error:
            fault = error.line, _syntax(error)
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            fault = line, "there is a character that is not UTF-8: save the file as UTF-8."
        except EmptyFeatureError:
            fault = 1, "there is no feature in it: begin with a line `Feature: ...`."
        raise self._refusal(fault)

    def _refusal(self, *faults: tuple[int, str]) -> pytest.Collector.CollectError:
        self.config.stash[RECORDER].refuse(self.path, faults)
        return self.CollectError(visible("\n".join(f"{self.nodeid}:{line}: {fault}" for line, fault in faults)))


class Rule(pytest.Collector):
    """A rule; it collects its scenarios."""

    def __init__(self, *, templates: list[ScenarioTemplate], rows: Rows, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.templates = templates
        self.rows = rows

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the scenarios of this rule."""
        for template in self.templates:
            yield from _scenarios(self, template, self.rows)


class Scenario(pytest.Function):
    """A scenario, or one example of an outline."""

    def __init__(self, *, template: ScenarioTemplate, row: dict[str, str], line: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.template = template
        self.row = row
        self.line = line
        settle_id(self)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the scenario stands: file, line counted from 0, name."""
        return self.path, self.line - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]  # as Function does
        """Show the failure from the step on."""
        error = excinfo.value
        step = self.stash.get(CURRENT_STEP, None)
        if step is None:
            return super().repr_failure(excinfo)
        place = f"{self.nodeid.partition('::')[0]}:{step.line_number}"
        if isinstance(error, StepDefinitionNotFoundError):
            return _undefined(step, place)
        if isinstance(error, pytest.FixtureLookupError):
            return _unfixed(step, place, error)
        try:
            return super().repr_failure(excinfo)
        except BaseException as fault:  # What is shown of the frames asks values of others what they are.
            if isinstance(fault, KeyboardInterrupt) and not is_of_text(fault):
                raise
            return f"{place}: {named(error)}\n\nMore cannot be shown: {named(fault)}"

    def show_sentence(self, shown: object) -> None:
        """Have what pytest shows of a failure begin with the scenario, and a mark at the sentence that failed."""
        step = self.stash.get(CURRENT_STEP, None)
        if step is not None and isinstance(shown, ExceptionRepr):
            place = f"{self.nodeid.partition('::')[0]}:{step.line_number}"
            begin_with(shown, visible(f"{place}\n{_marked(self.template.render(self.row), step)}\n"))


def _scenarios(parent: pytest.Collector, template: ScenarioTemplate, rows: Rows) -> Iterator[Scenario]:
    name = _node_name(template.name)
    if not template.examples:
        yield _scenario(parent, template, name, template.line_number, {}, template.tags)
    used: Counter[str] = Counter()
    for examples in template.examples:
        assert examples.line_number is not None
        for row, line in zip(examples.as_contexts(), rows[examples.line_number], strict=True):
            label = _label(examples.name, row.values())
            used[label] += 1
            label += f" #{used[label]}" if used[label] > 1 else ""
            yield _scenario(parent, template, f"{name}[{label}]", line, row, template.tags | examples.tags)


def _scenario(
    parent: pytest.Collector,
    template: ScenarioTemplate,
    name: str,
    line: int,
    row: dict[str, str],
    tags: set[str],
) -> Scenario:
    def run() -> None:
        __tracebackhide__ = True
        try:
            # Rendered when it runs: kept for all scenarios of a large suite, it would fill the memory.
            execute(template.feature, template.render(row), item)
        except BaseException as error:
            error.__traceback__ = from_step(error.__traceback__)
            raise

    rule_tags = set() if template.rule is None else template.rule.tags
    for tag in sorted(tags | template.feature.tags | rule_tags):
        parent.config.hook.pytest_bdd_apply_tag(tag=tag, function=run)
    item: Scenario = Scenario.from_parent(parent, name=name, callobj=run, template=template, row=row, line=line)
    return item


def _node_name(name: str) -> str:
    """Return the name as it stands in a node id, where `::` separates."""
    return name.replace("::", ":")


def _label(examples: str | None, values: Iterable[str]) -> str:
    label = ", ".join(" ".join(value.split()) for value in values)
    if len(label) > LONGEST_EXAMPLE:
        label = label[:LONGEST_EXAMPLE] + "…"
    return f"{examples}: {label}" if examples else label


def _marked(scenario: RenderedScenario, failing: Step) -> str:
    lines = [f"  {scenario.keyword}: {scenario.name}"]
    for step in scenario.steps:
        mark = ">" if step.line_number == failing.line_number else " "
        lines.append(f"{mark}   {step.keyword} {step.name}")
    return "\n".join(lines)


def _undefined(step: Step, place: str) -> str:
    return f"{place}: no step definition says: {step.keyword} {step.name}\n\n{snippet(step.type, step.name)}"


def _unfixed(step: Step, place: str, error: pytest.FixtureLookupError) -> str:
    what, *_ = str(error.formatrepr().errorstring).splitlines()
    return (
        f"{place}: {step.keyword} {step.name}: {what.strip()}: "
        "correct the argument of that name, in the step definition or in a fixture under it, or define the fixture."
    )


def _syntax(error: GherkinParseError) -> str:
    message = re.sub(r"Unknown parsing error: Parser errors:\n\(\d+:\d+\): ", "", error.message)
    return " ".join([message.partition("\n")[0], error.line_content.strip()]).strip()


def _faults(feature: Feature, document: GherkinDocument, known_tags: set[str]) -> Iterator[tuple[int, str]]:
    """Yield line and sentence for all that would pass without having been tried."""
    yield from _unnamed("scenario", _scenarios_of(document))
    yield from _unnamed("rule", _rules_of(document))
    dialect = Dialect.for_name(feature.language)
    assert dialect is not None, "the parser knew the language"
    for scenario in _scenarios_of(document):
        yield from _untried(scenario, dialect)
    nodes: list[GherkinFeature | GherkinRule] = [document.feature, *_rules_of(document)]
    for node in nodes:
        if not any(child.scenario or child.rule for child in node.children):
            yield node.location.line, f'"{node.name}" has no scenario, so nothing would run: write one, or remove it.'
    for tag in _tags_of(document):
        if tag.name.lstrip("@") not in known_tags:
            yield (
                tag.location.line,
                f"the tag {tag.name} is not known, so a filter may miss it: correct it, or add it to `markers` "
                "in the pytest configuration.",
            )


def _unnamed(kind: str, nodes: Sequence[GherkinScenario | GherkinRule]) -> Iterator[tuple[int, str]]:
    lines: dict[str, int] = {}
    for node in nodes:
        line, name = node.location.line, node.name
        if not name:
            yield line, f"a {kind} needs a name: say what is promised."
        elif name in lines:
            yield line, f'line {lines[name]} has a {kind} "{name}" too, and only one would be found: rename one.'
        lines.setdefault(name, line)


def _untried(scenario: GherkinScenario, dialect: Dialect) -> Iterator[tuple[int, str]]:
    line, name = scenario.location.line, scenario.name
    if not scenario.steps:
        yield line, f'the scenario "{name}" has no steps, so it would always pass: write them, or remove it.'
    elif all(step.keyword_type != "Outcome" for step in scenario.steps):
        yield line, f'the scenario "{name}" has no Then, so it checks nothing: say what must have happened.'
    if scenario.keyword in dialect.scenario_outline_keywords and not scenario.examples:
        yield line, f'the outline "{name}" has no Examples, so it would not run: add some.'
    for examples in scenario.examples:
        if not examples.table_body:
            yield examples.location.line, f'Examples of "{name}" have no row, so nothing would run: add one.'


def _rules_of(document: GherkinDocument) -> list[GherkinRule]:
    return [child.rule for child in document.feature.children if child.rule]


def _scenarios_of(document: GherkinDocument) -> list[GherkinScenario]:
    children = [
        *document.feature.children,
        *(child for rule in _rules_of(document) for child in rule.children),
    ]
    return [child.scenario for child in children if child.scenario]


def _tags_of(document: GherkinDocument) -> list[GherkinTag]:
    tags = [document.feature.tags, *(rule.tags for rule in _rules_of(document))]
    for scenario in _scenarios_of(document):
        tags += [scenario.tags, *(examples.tags for examples in scenario.examples)]
    return [tag for line in tags for tag in line]


def _known_tags(config: pytest.Config) -> set[str]:
    lines: list[str] = config.getini("markers")
    return {line.partition(":")[0].partition("(")[0].strip() for line in lines}
