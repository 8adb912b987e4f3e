"""The pickles of the features that were read, and which of them an item of pytest's runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from accord.basics.source import relative
from accord.compat.pytest_bdd import bound_scenario
from accord.gherkin.document import Document, steps_of


class PickleStep(NamedTuple):
    """A step of a pickle: its id, its kind (`given`, `when`, `then`, `step` for any) and its sentence."""

    id: str
    kind: str
    sentence: str


@dataclass
class Pickle:
    """A scenario, or one example of an outline; of an example, `line` is its row's."""

    id: str
    scenario_line: int
    line: int
    steps: list[PickleStep]
    tags: frozenset[str] = frozenset()
    description: str = ""
    """The first line of what its feature file says of it."""


class Pickles:
    """The pickles of a run."""

    def __init__(self, rootpath: Path) -> None:
        self._rootpath = rootpath
        self._by_line: dict[str, dict[int, Pickle]] = {}

    def add(self, document: Document) -> Iterator[dict[str, Any]]:
        """Add those of a feature file, and yield each as messages have it."""
        scenarios = {scenario["id"]: scenario for scenario in document.scenarios()}
        by_line = self._by_line[document.uri] = {}
        for pickle in document.pickles():
            line = pickle["location"]["line"]
            # The first is the scenario's node, the second the row's.
            steps = [PickleStep(step["id"], kind, step["text"]) for kind, step in steps_of(pickle)]
            scenario = scenarios[pickle["astNodeIds"][0]]
            tags = frozenset(tag["name"] for tag in pickle["tags"])
            description = scenario["description"].strip().partition("\n")[0].strip()
            by_line[line] = Pickle(pickle["id"], scenario["location"]["line"], line, steps, tags, description)
            yield pickle

    def of(self, item: pytest.Item) -> Pickle | None:
        """Return the pickle that an item runs, be it of a feature file or bound by a Python module."""
        if (bound := bound_scenario(item)) is None:
            return self._by_line.get(relative(item.path, self._rootpath), {}).get((item.location[1] or 0) + 1)
        template, values = bound
        # pytest-bdd does not say which row an example is of: it is the one with the same sentences.
        sentences = [step.name for step in template.render(values).steps]
        for pickle in self._by_line.get(relative(template.feature.filename, self._rootpath), {}).values():
            if pickle.scenario_line == template.line_number and [it.sentence for it in pickle.steps] == sentences:
                return pickle
        return None
