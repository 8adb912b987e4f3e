"""What pytest collected: which sentences there are, which of them each step uses, and what is wrong."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pytest

from accord.basics.source import defined_at, location, relative
from accord.catalogue.finding import Finding
from accord.catalogue.grouping import order
from accord.catalogue.sentences import Sentence, Use
from accord.compat.pytest_bdd import (
    StepDefinition,
    all_step_definitions,
    arguments_of,
    bound_scenario,
    is_of_pytest_bdd,
    is_regular_expression,
    under,
)
from accord.gherkin.binding import BOUND
from accord.gherkin.collector import READ, ReadFile
from accord.gherkin.document import Document, steps_of
from accord.gherkin.passed_over import PASSED_OVER
from accord.running import RUNNING
from accord.steps.definitions import DEFINITIONS, Definitions, owner

_UNDER = {"dataTable": "datatable", "docString": "docstring"}


class Said(NamedTuple):
    """A step of a scenario, with the values of its example: where it stands, what it says, and what is under it."""

    path: Path
    line: int
    keyword: str
    kind: str
    text: str
    under: list[str]
    node: pytest.Item | pytest.Collector
    """Where its definition is looked for: the item that runs it, or its feature file."""


class Suite:
    """The features and step definitions of a session of pytest's that only reads."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._root = session.config.rootpath
        stash = session.config.stash
        self._bound = stash[BOUND]
        self._read = stash[READ]
        self._definitions = stash.get(DEFINITIONS, None) or Definitions(stash[RUNNING])
        self._found: dict[tuple[pytest.Collector, str, str], Sequence[StepDefinition] | None] = {}

    @property
    def files(self) -> int:
        """How many feature files there are."""
        return len({*self._bound.documents(), *(file.node.path for file in self._read)})

    def findings(self) -> Iterator[Finding]:
        """Yield what breaks a rule, in no order."""
        found = dict.fromkeys(self._bound.faults())
        found |= dict.fromkeys((self._uri(file.node.path), fault) for file in self._own() for fault in file.faults)
        yield from (Finding(uri, fault.line, fault.sentence, fault.rule) for uri, fault in found)

    def notices(self) -> Iterator[str]:
        """Yield what is not a matter of a line."""
        stash = self._session.config.stash
        said = dict.fromkeys([*stash[RUNNING].notices, *stash[PASSED_OVER].notices(self._session)])
        # These are findings.
        faults = self._bound.notices()
        yield from (notice for notice in said if notice not in faults)

    def sentences(self) -> list[Sentence]:
        """Return all step definitions but pytest-bdd's own, each once, with the steps that they are used for."""
        sentences = {self._key(it): self._sentence(it) for it in self._all}
        for said in self._steps:
            folder = self._uri(said.path.parent)
            for definition in self._matching(said) or ():
                if (sentence := sentences.get(self._key(definition))) is not None:
                    use = Use(said.keyword, said.text, location(said.path, said.line, self._root))
                    sentence.use(said.kind, folder, use, arguments_of(definition.parser, said.text))
        return sorted(sentences.values(), key=order)

    @cached_property
    def _all(self) -> list[StepDefinition]:
        return [it for it in all_step_definitions(self._session) if not is_of_pytest_bdd(it)]

    def _sentence(self, definition: StepDefinition) -> Sentence:
        return Sentence(
            str(definition.parser.name),
            location(*defined_at(definition.function), self._root),
            definition.kind or "",
            is_regular_expression(definition.parser),
        )

    def _key(self, definition: StepDefinition) -> tuple[str, int, str | None, str]:
        # One that is imported into several modules is there several times.
        return *defined_at(definition.function), definition.kind, str(definition.parser.name)

    @cached_property
    def _steps(self) -> list[Said]:
        """The steps of all scenarios: of those that modules bind as they are bound, of others all."""
        steps: list[Said] = []
        for item in self._session.items:
            if (bound := bound_scenario(item)) is not None:
                template, values = bound
                path = Path(template.feature.filename)
                steps += [
                    Said(path, step.line_number, step.keyword, step.type, step.name, under(step), item)
                    for step in template.render(values).steps
                ]
        for file in self._own():
            if file.document is not None:
                steps += _steps_of(file.document, file.node.path, file.node)
        return steps

    def _own(self) -> Iterator[ReadFile]:
        """Yield the files that no module binds."""
        bound = self._bound.documents()
        yield from (file for file in self._read if file.node.path not in bound)

    def _matching(self, said: Said) -> Sequence[StepDefinition] | None:
        """Return the definitions of a step; None where a converter of one raises an error, so that nobody knows."""
        # All features of a folder see the same definitions.
        key = (owner(said.node), said.kind, said.text)
        if key not in self._found:
            try:
                self._found[key] = self._definitions.matching(said.kind, said.text, said.node)
            except Exception:  # A converter of the project's may raise anything; a run shows it.
                self._found[key] = None
        return self._found[key]

    def _uri(self, path: Path) -> str:
        return relative(path, self._root)


def _steps_of(document: Document, path: Path, node: pytest.Collector) -> Iterator[Said]:
    parents = (*document.backgrounds(), *document.scenarios())
    written = {step["id"]: step for parent in parents for step in parent["steps"]}
    for pickle in document.pickles():
        for kind, step in steps_of(pickle):
            of_file = written[step["astNodeIds"][0]]
            below = [name for part, name in _UNDER.items() if part in of_file]
            keyword = of_file["keyword"].strip()
            yield Said(path, of_file["location"]["line"], keyword, kind, step["text"], below, node)
