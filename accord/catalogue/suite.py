"""What pytest collected: which sentences there are, which of them each step uses, and what is wrong."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pytest

from accord.basics.failures import is_of_project
from accord.basics.source import defined_at, location, relative
from accord.catalogue.doubles import Double, doubles
from accord.catalogue.finding import Finding
from accord.catalogue.grouping import order
from accord.catalogue.sentences import Sentence, Use, gap_names
from accord.compat.pytest_bdd import (
    DataTable,
    Location,
    ScenarioTemplate,
    Step,
    StepDefinition,
    all_step_definitions,
    arguments_of,
    bound_scenario,
    is_of_pytest_bdd,
    is_regular_expression,
    under,
)
from accord.gherkin.ahead import expecting, is_expected_to_fail
from accord.gherkin.binding import BOUND
from accord.gherkin.collector import READ, ReadFile
from accord.gherkin.document import Document, steps_of
from accord.gherkin.passed_over import PASSED_OVER
from accord.gherkin.rules.catalogue import OF_CHECK, warnings
from accord.gherkin.rules.switches import SWITCHES
from accord.running import RUNNING
from accord.steps.annotations import choices_in
from accord.steps.definitions import DEFINITIONS, UNDER, Definitions, ambiguity, lacking, not_taken, owner
from accord.steps.differences import mended
from accord.steps.modules import NOT_LOADED, NotLoaded
from accord.steps.patterns import choices_of, expressions_of
from accord.steps.undefined import UNDEFINED, UndefinedSteps

_UNDER = {"dataTable": "datatable", "docString": "docstring"}


Key = tuple[str, int, str | None, str]
"""What tells step definitions apart: file, line, kind and pattern."""


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
    is_written_so: bool
    """Whether no value of an example was filled in."""
    is_excused: bool
    """Whether its scenario is expected to fail, or breaks a rule, so that it may be undefined."""


class Suite:
    """The features and step definitions of a session of pytest's that only reads."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._root = session.config.rootpath
        stash = session.config.stash
        self._bound = stash[BOUND]
        self._read = stash[READ]
        self._definitions = stash.get(DEFINITIONS, None) or Definitions(stash[RUNNING])
        self._undefined_steps = stash.get(UNDEFINED, None) or UndefinedSteps(session.config, self._definitions)
        self._not_loaded = stash.get(NOT_LOADED, [])
        self._switches = stash[SWITCHES]
        self._is_strict: bool = session.config.getini("accord_strict")
        self._found: dict[tuple[pytest.Collector, str, str], Sequence[StepDefinition] | None] = {}
        self._foreign: dict[Path, bool] = {}
        # Definitions of which nobody knows whether a step uses them.
        self._uncertain: set[Key] = set()

    @property
    def files(self) -> int:
        """How many feature files there are."""
        return len({*self._bound.documents(), *(file.node.path for file in self._read)})

    def findings(self) -> Iterator[Finding]:
        """Yield what breaks a rule, in no order."""
        found = dict.fromkeys(self._bound.faults())
        found |= dict.fromkeys((self._uri(file.node.path), fault) for file in self._own() for fault in file.faults)
        yield from (Finding(uri, fault.line, fault.sentence, fault.rule, fix=fault.fix) for uri, fault in found)
        yield from (_not_loaded(it) for it in self._not_loaded)
        yield from self._warnings()
        yield from self._of_steps()
        if self._is_whole:
            yield from self._of_definitions()

    def _warnings(self) -> Iterator[Finding]:
        documents = [*self._bound.documents().values(), *(it.document for it in self._own() if it.document is not None)]
        for document in documents:
            if found := list(warnings(document)):
                remaining = (it for it in self._switches.remaining(document, found) if it.rule in OF_CHECK)
                yield from (Finding(document.uri, it.line, it.sentence, it.rule, is_error=False) for it in remaining)

    def _of_steps(self) -> Iterator[Finding]:
        """Yield what is wrong with a step's definition: of the steps of a line, as outlines have them, the first."""
        found: dict[tuple[Path, int, str], Finding] = {}
        for said in self._steps:
            definitions = self._matching(said)
            if definitions is None or (len(definitions) == 1 and not said.under and not _takes(definitions[0])):
                continue
            for rule, sentence, is_error, fix in self._wrong_with(said, definitions):
                key = (said.path, said.line, rule)
                if key not in found and not self._switches.is_off_at(rule, said.path, said.line):
                    found[key] = Finding(self._uri(said.path), said.line, sentence, rule, is_error, fix)
        yield from found.values()

    def _wrong_with(
        self, said: Said, definitions: Sequence[StepDefinition]
    ) -> Iterator[tuple[str, str, bool, tuple[str, str] | None]]:
        step = f"{said.keyword} {said.text}"
        if not definitions:
            if not said.is_excused and not self._is_foreign(said.path):
                yield "undefined-step", self._undefined(said), True, self._fix(said)
            return
        # Of what a module binds it is only said, since that passed.
        is_error = said.path not in self._bound.documents() or self._is_strict
        if len(definitions) > 1:
            yield "ambiguous-step", ambiguity(definitions, step, self._root), is_error, None
        # Of those it is the last that runs where that rule is switched off.
        if unused := [name for name in said.under if name not in definitions[-1].parameters]:
            yield "unused-table", not_taken(definitions[-1], unused, step, self._root), is_error, None
        for name in _takes(definitions[-1]):
            if name not in said.under and not said.is_excused:
                yield "missing-table", lacking(definitions[-1], name, step, self._root), True, None

    def _undefined(self, said: Said) -> str:
        step = Step(said.text, said.kind, 0, said.line, said.keyword)
        # What is in them nobody asks.
        step.datatable = DataTable(Location(0, said.line), []) if "datatable" in said.under else None
        step.docstring = "" if "docstring" in said.under else None
        return self._undefined_steps.sentence(step, said.node)

    def _fix(self, said: Said) -> tuple[str, str] | None:
        """Return what mends an undefined step, if that is a slip that nobody sees, such as two spaces."""
        if not said.is_written_so:
            return None
        for text in mended(said.text):
            if len(self._matching(said._replace(text=text)) or ()) == 1:
                return said.text, text
        return None

    def _is_foreign(self, path: Path) -> bool:
        """Return whether no definition is visible to a feature: those of its steps are in a module, not collected."""
        if self._not_loaded:
            return False
        if path not in self._foreign:
            nodes = [said.node for said in self._steps if said.path == path]
            visible = self._definitions.visible_to(nodes)
            self._foreign[path] = all(is_of_pytest_bdd(it) for it in visible)
        return self._foreign[path]

    @property
    def _is_whole(self) -> bool:
        """Whether all of the suite was collected, so that what no step uses is not used."""
        config = self._session.config
        is_root = config.invocation_params.dir == self._root
        source = config.args_source
        return source == source.TESTPATHS or (source == source.INVOCATION_DIR and is_root)

    def _of_definitions(self) -> Iterator[Finding]:
        """Yield what is wrong with the project's own definitions, none of which may be anyone else's."""
        known = sorted(self._sentences.items(), key=lambda it: it[0][:2])
        own = {key: it for key, it in known if is_of_project(key[0], self._root)}
        if self._steps and not self._is_off("unused-definition"):
            for key, it in own.items():
                if not it.uses and key not in self._uncertain:
                    sentence = f"no step says `{it.pattern_in_words}`: remove it, or write a step that does."
                    yield _at(it, sentence, "unused-definition")
        if not self._is_off("near-double"):
            nodes = dict.fromkeys(owner(said.node) for said in self._steps)
            found: dict[tuple[str, str], Double] = {}
            for keys in {frozenset(map(self._key, self._definitions.visible_to([node]))) for node in nodes}:
                visible = [it for key, it in own.items() if key in keys]
                found |= {(it.one.place, it.other.place): it for it in doubles(visible)}
            for one, other, difference in found.values():
                said = f"`{one.pattern_in_words}` and `{other.pattern_in_words}` ({other.place})"
                yield _at(one, f"{said} differ only by {difference}: have one definition for both.", "near-double")

    def _is_off(self, rule: str) -> bool:
        return self._switches.is_off(rule, "")

    def notices(self) -> Iterator[str]:
        """Yield what is not a matter of a line."""
        stash = self._session.config.stash
        said = dict.fromkeys([*stash[RUNNING].notices, *stash[PASSED_OVER].notices(self._session)])
        # These are findings.
        faults = [*self._bound.notices(), *map(str, self._not_loaded)]
        yield from (notice for notice in said if notice not in faults)

    def sentences(self) -> list[Sentence]:
        """Return all step definitions but pytest-bdd's own, each once, with the steps that they are used for."""
        return sorted(self._sentences.values(), key=order)

    @cached_property
    def _sentences(self) -> dict[Key, Sentence]:
        definitions = (it for it in all_step_definitions(self._session) if not is_of_pytest_bdd(it))
        sentences = {self._key(it): self._sentence(it) for it in definitions}
        for said in self._steps:
            folder = self._uri(said.path.parent)
            for definition in self._matching(said) or ():
                if (sentence := sentences.get(self._key(definition))) is not None:
                    use = Use(said.keyword, said.text, location(said.path, said.line, self._root))
                    sentence.use(said.kind, folder, use, arguments_of(definition.parser, said.text))
        return sentences

    def _sentence(self, definition: StepDefinition) -> Sentence:
        pattern, is_regex = str(definition.parser.name), is_regular_expression(definition.parser)
        names = gap_names(pattern, is_regex=is_regex)
        annotated = {name: it for name, it in choices_in(definition.function).items() if name in names}
        place = location(*defined_at(definition.function), self._root)
        choices = annotated | choices_of(definition.parser)
        expressions = expressions_of(definition.parser)
        return Sentence(pattern, place, definition.kind or "", is_regex, choices=choices, expressions=expressions)

    def _key(self, definition: StepDefinition) -> Key:
        # One that is visible in several places may be there several times.
        return *defined_at(definition.function), definition.kind, str(definition.parser.name)

    @cached_property
    def _steps(self) -> list[Said]:
        """The steps of all scenarios: of those that modules bind as they are bound, of others all."""
        steps: list[Said] = []
        for item in self._session.items:
            if (bound := bound_scenario(item)) is not None:
                steps += self._steps_bound(item, *bound)
        for file in self._own():
            if file.document is not None:
                steps += self._steps_of(file.document, file)
        return steps

    def _steps_bound(self, item: pytest.Item, template: ScenarioTemplate, values: dict[str, str]) -> Iterator[Said]:
        path, is_excused = Path(template.feature.filename), is_expected_to_fail(item)
        for written, step in zip(template.steps, template.render(values).steps, strict=True):
            is_written_so = written.name == step.name
            yield Said(
                path, step.line_number, step.keyword, step.type, step.name, under(step), item, is_written_so, is_excused
            )

    def _steps_of(self, document: Document, file: ReadFile) -> Iterator[Said]:
        parents = (*document.backgrounds(), *document.scenarios())
        written = {
            step["id"]: (step, step["keyword"].strip(), [name for part, name in _UNDER.items() if part in step])
            for parent in parents
            for step in parent["steps"]
        }
        faulty = {scenario["id"] for fault in file.faults for scenario in document.concerned(fault.line)}
        for pickle in document.pickles():
            is_expected = self._is_expected({tag["name"].removeprefix("@") for tag in pickle["tags"]})
            is_excused = is_expected or pickle["astNodeIds"][0] in faulty
            for kind, step in steps_of(pickle):
                of_file, keyword, below = written[step["astNodeIds"][0]]
                line, text = of_file["location"]["line"], step["text"]
                is_written_so = text == of_file["text"]
                yield Said(file.node.path, line, keyword, kind, text, below, file.node, is_written_so, is_excused)

    def _is_expected(self, tags: set[str]) -> bool:
        return bool(tags) and ("xfail" in tags or bool(expecting(self._session.config, tags)))

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
                visible = self._definitions.visible_to([said.node])
                self._uncertain.update(self._key(it) for it in visible if _fails(it, said.text))
        return self._found[key]

    def _uri(self, path: Path) -> str:
        return relative(path, self._root)


def _not_loaded(module: NotLoaded) -> Finding:
    file, _, line = module.place.rpartition(":")
    return Finding(file, int(line), str(module), "not-loaded")


def _at(sentence: Sentence, what: str, rule: str) -> Finding:
    file, _, line = sentence.place.rpartition(":")
    return Finding(file, int(line), what, rule, is_error=False)


def _takes(definition: StepDefinition) -> list[str]:
    """Return what a definition takes that stands under its step, and cannot do without."""
    return [name for name in definition.required if name in UNDER]


def _fails(definition: StepDefinition, text: str) -> bool:
    try:
        definition.parser.is_matching(text)
    except Exception:  # Whatever it raises.
        return True
    return False
