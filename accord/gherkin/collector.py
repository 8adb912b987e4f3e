"""A .feature file is a test file, which collects its rules and scenarios."""

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
from accord.gherkin.names import Case, cases, rule_name
from accord.gherkin.rules import Fault, faults, syntax_fault

Cases = dict[int, list[Case]]
"""The items of each scenario, by its line."""


class FeatureFile(pytest.Module):
    """A feature file; it collects its rules and scenarios."""

    obj = None  # There is no Python module behind it, and pytest must not import one (so does pytest's doctest).

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the scenarios, those of a rule under the rule.

        Raises CollectError, each fault with its line, for a file that can't be read, or that could pass without testing
        anything.
        """
        document = self._read()
        if found := faults(document, _known_tags(self.config)):
            raise self._error(*found)
        self.config.hook.pytest_accord_feature(document=document)
        # pytest-bdd's templates have no ids: the line is what they share with Gherkin's tree.
        by_line: Cases = {it["location"]["line"]: list(cases(it)) for it in document.scenarios()}
        for rule, templates in groupby(document.feature.scenarios.values(), key=lambda template: template.rule):
            if rule is None:
                for template in templates:
                    yield from _scenarios(self, template, by_line)
            else:
                yield Rule.from_parent(self, name=rule_name(rule.name), templates=list(templates), cases=by_line)

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

    def __init__(self, *, templates: list[ScenarioTemplate], cases: Cases, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.templates = templates
        self.cases = cases

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the scenarios of this rule."""
        for template in self.templates:
            yield from _scenarios(self, template, self.cases)


def _scenarios(parent: pytest.Collector, template: ScenarioTemplate, by_line: Cases) -> Iterator[Scenario]:
    examples = [(row, template.tags | table.tags) for table in template.examples for row in table.as_contexts()]
    here = by_line[template.line_number]
    for case, (row, tags) in zip(here, examples or [({}, template.tags)], strict=True):
        yield Scenario.of(parent, case.name, template, row, case.line, tags)


def _known_tags(config: pytest.Config) -> set[str]:
    lines: list[str] = config.getini("markers")
    # A marker is declared as `name(arguments): description`.
    return {line.partition(":")[0].partition("(")[0].strip() for line in lines}
