"""A .feature file is a test file, which collects its rules and scenarios."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from accord.basics.source import relative
from accord.compat.pytest_bdd import GherkinParseError, ScenarioTemplate
from accord.errors import EmptyFeatureError
from accord.gherkin.document import Document, Node, read
from accord.gherkin.item import FaultyPart, Scenario
from accord.gherkin.lines import chosen, lines_of
from accord.gherkin.names import Names, cases, rule_name, scenario_name
from accord.gherkin.rules.catalogue import faults
from accord.gherkin.rules.fault import Fault
from accord.gherkin.rules.switches import SWITCHES
from accord.gherkin.rules.syntax import syntax_fault
from accord.gherkin.rules.tags import TAGS


@dataclass(frozen=True)
class Contents:
    """What the nodes of a feature file share: its scenarios by their lines, what is wrong with each, and which run."""

    templates: dict[int, ScenarioTemplate]
    faults: dict[int, list[Fault]]
    chosen: set[int] | None
    """The lines of the items that are to be collected, if not all are."""

    @classmethod
    def of(cls, document: Document, found: Sequence[Fault], lines: Sequence[int]) -> "Contents":
        """Return those of a document. Raises CollectError for a line that is not there."""
        wrong: dict[int, list[Fault]] = {}
        for fault in found:
            for scenario in document.concerned(fault.line):
                wrong.setdefault(scenario["location"]["line"], []).append(fault)
        # pytest-bdd's templates have no ids: the line is what they share with Gherkin's tree.
        templates = {template.line_number: template for template in document.templates}
        return cls(templates, wrong, chosen(document, lines) if lines else None)

    def collects(self, line: int) -> bool:
        """Return whether the item of a line is to be collected."""
        return self.chosen is None or line in self.chosen


class FeatureFile(pytest.Module):
    """A feature file; it collects its rules and scenarios."""

    obj = None  # There is no Python module behind it, and pytest must not import one (so does pytest's doctest).

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the scenarios, those of a rule under the rule.

        A scenario that breaks a rule, or that stands below what does, fails; so does one item, named after the file,
        where the file cannot be read, or where no scenario is there to fail.
        """
        document, found = self._checked()
        if (read_files := self.config.stash.get(READ, None)) is not None:
            read_files.append(ReadFile(self, document, found))
            return
        if document is None:
            yield FaultyPart.from_parent(self, name=self.path.stem, faults=found)
            return
        contents = Contents.of(document, found, lines_of(self.config, self.path))
        self.config.hook.pytest_accord_feature(document=document)
        if alone := [fault for fault in found if not document.concerned(fault.line)]:
            yield FaultyPart.from_parent(self, name=self.path.stem, faults=alone)
        yield from _collect(self, document.tree["feature"], contents)

    def _checked(self) -> tuple[Document | None, list[Fault]]:
        document = self._read()
        if isinstance(document, Fault):
            return None, [document]
        stash = self.config.stash
        return document, sorted(stash[SWITCHES].remaining(document, faults(document, stash[TAGS])))

    def _read(self) -> Document | Fault:
        try:
            return read(self.path, relative(self.path, self.config.rootpath))
        except GherkinParseError as error:
            return syntax_fault(error, self.path.read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            return Fault(line, "there is a character that is not UTF-8: save the file as UTF-8.", "not-utf8")
        except OSError as error:
            return Fault(1, f"the file cannot be read: {error.strerror or error}.", "not-readable")
        except EmptyFeatureError:
            return Fault(1, "there is no feature in it: begin with a line `Feature: ...`.", "not-gherkin")


class ReadFile(NamedTuple):
    """A feature file that is only read: its node, what is in it, None if it cannot be read, and what is wrong."""

    node: FeatureFile
    document: Document | None
    faults: list[Fault]


READ = pytest.StashKey[list[ReadFile]]()
"""Where nothing is to run: the feature files that were read, of which no item is made."""


class Rule(pytest.Collector):
    """A rule; it collects its scenarios."""

    obj = None  # As a feature file has none, for those who look at the parent of each item.

    def __init__(self, *, node: Node, contents: Contents, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._node = node
        self._contents = contents

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the scenarios of this rule."""
        yield from _collect(self, self._node, self._contents)


def _collect(parent: pytest.Collector, node: Node, contents: Contents) -> Iterator[pytest.Item | pytest.Collector]:
    rules, scenarios = Names(rule_name), Names(scenario_name)
    for child in node["children"]:
        if "rule" in child:
            yield Rule.from_parent(parent, name=rules.of(child["rule"]), node=child["rule"], contents=contents)
        elif "scenario" in child:
            yield from _scenarios(parent, child["scenario"], scenarios.of(child["scenario"]), contents)


def _scenarios(parent: pytest.Collector, node: Node, name: str, contents: Contents) -> Iterator[pytest.Item]:
    line: int = node["location"]["line"]
    template, found = contents.templates[line], contents.faults.get(line, [])
    if found and not _runs(node):
        if contents.collects(line):
            yield FaultyPart.from_parent(parent, name=name, faults=found)
        return
    examples = [(row, template.tags | table.tags) for table in template.examples for row in table.as_contexts()]
    if not node["examples"]:
        examples = [({}, template.tags)]
    for case, (row, tags) in zip(cases(node, name), examples, strict=True):
        if contents.collects(case.line):
            yield from Scenario.of(parent, case, template, row, tags, found)


def _runs(scenario: Node) -> bool:
    """Return whether an item is made of a scenario: an outline has one for each of its examples."""
    return not scenario["examples"] or any(table.get("tableBody") for table in scenario["examples"])
