"""A .feature file is a test file, which collects its rules and scenarios.

A file that a Python module binds as well, with pytest-bdd's `scenarios()`, runs in both places, each time with the
step definitions that are visible there.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from accord.basics.source import relative
from accord.basics.text import visible
from accord.compat.pytest_bdd import GherkinParseError, ScenarioTemplate
from accord.errors import EmptyFeatureError
from accord.gherkin.document import Document, read
from accord.gherkin.item import Scenario
from accord.gherkin.names import example_label, item_name, rule_name
from accord.gherkin.rules import Fault, faults, syntax_fault

Rows = dict[int, list[int]]
"""The lines of an Examples table's rows, by the line of its keyword."""


class FeatureFile(pytest.Module):
    """A feature file; it collects its rules and scenarios."""

    obj = None  # There is no Python module behind it, and pytest must not import one (so does pytest's doctest).

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the scenarios, those of a rule under the rule.

        Raises CollectError, each fault with its line, for a file that can't be read or whose green could not be
        trusted.
        """
        document = self._read()
        if found := faults(document, _known_tags(self.config)):
            raise self._error(*found)
        self.config.hook.pytest_accord_feature(document=document)
        rows = {
            examples["location"]["line"]: [row["location"]["line"] for row in examples.get("tableBody", ())]
            for scenario in document.scenarios()
            for examples in scenario["examples"]
        }
        for rule, templates in groupby(document.feature.scenarios.values(), key=lambda template: template.rule):
            if rule is None:
                for template in templates:
                    yield from _scenarios(self, template, rows)
            else:
                yield Rule.from_parent(self, name=rule_name(rule.name), templates=list(templates), rows=rows)

    def _read(self) -> Document:
        try:
            return read(self.path, relative(self.path, self.config.rootpath))
        except GherkinParseError as error:
            fault = syntax_fault(error)
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            fault = line, "there is a character that is not UTF-8: save the file as UTF-8."
        except EmptyFeatureError:
            fault = 1, "there is no feature in it: begin with a line `Feature: ...`."
        raise self._error(fault)

    def _error(self, *found: Fault) -> pytest.Collector.CollectError:
        self.config.hook.pytest_accord_faults(path=self.path, faults=found)
        return self.CollectError(visible("\n".join(f"{self.nodeid}:{line}: {fault}" for line, fault in found)))


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


def _scenarios(parent: pytest.Collector, template: ScenarioTemplate, rows: Rows) -> Iterator[Scenario]:
    name = item_name(template.name)
    if not template.examples:
        yield Scenario.of(parent, name, template, {}, template.line_number, template.tags)
    used: Counter[str] = Counter()
    for examples in template.examples:
        assert examples.line_number is not None
        for row, line in zip(examples.as_contexts(), rows[examples.line_number], strict=True):
            label = example_label(examples.name, row.values())
            used[label] += 1
            label += f" #{used[label]}" if used[label] > 1 else ""
            yield Scenario.of(parent, f"{name}[{label}]", template, row, line, template.tags | examples.tags)


def _known_tags(config: pytest.Config) -> set[str]:
    lines: list[str] = config.getini("markers")
    return {line.partition(":")[0].partition("(")[0].strip() for line in lines}
