"""Sentences without a step definition: each is told once, at the end of the run, with the code to begin with."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from accord.basics.source import location
from accord.basics.text import visible
from accord.compat.pytest_bdd import Step, StepDefinition, fixture_names
from accord.running import scenario_of
from accord.steps.definitions import Definitions, owner
from accord.steps.gaps import Part, escaped, expression_of, merged, parts_of
from accord.steps.near import Near, nearest_definition
from accord.steps.patterns import pattern_of
from accord.steps.snippets import NewSentence, code_of
from accord.steps.style import Style, style_of

OPTION = "accord_snippets"
_TRAVELLING = "accord_undefined"
_MOST_PLACES = 5
_HEAD = '"""Step definitions that are still to be written."""'


@dataclass
class Undefined:
    """A sentence without a definition; of builtin types, since it travels from a worker of pytest-xdist."""

    kind: str
    """`given`, `when`, `then`, `step` for any."""
    step: str
    """The step, as messages name it."""
    sentence: str
    written: str
    """The sentence as it stands in the file, with the placeholders of an outline."""
    columns: dict[str, list[str]]
    """What the examples of the outline have for these."""
    difference: str
    """By what alone it differs from a definition; nothing where there is no such one."""
    is_mistake: bool
    """Whether it is hardly a sentence that is still to be defined."""
    style: dict[str, Any]
    """How the definitions are written that its scenario can use."""
    others: list[str] = field(default_factory=list)
    """Sentences like those of other definitions, which one for this might match as well."""
    tables: list[bool] = field(default_factory=list)
    """Whether there is a table under it, in the steps where it stands."""
    texts: list[bool] = field(default_factory=list)
    steps: list[tuple[str, int, str]] = field(default_factory=list)
    """These steps: file, line and test."""
    is_expected: bool = True
    """Whether all of these tests are expected to fail."""


class UndefinedSteps:
    """Notes the undefined steps of scenarios that fail, and tells of them at the end of the run."""

    def __init__(self, config: pytest.Config, definitions: Definitions) -> None:
        self._config = config
        self._definitions = definitions
        self._file = _file_of(config)
        self._found: list[Undefined] = []
        self._known: dict[tuple[str, str, str], Undefined] = {}
        self._nearest: dict[tuple[pytest.Collector, str, str], Near | None] = {}
        self._styles: dict[pytest.Collector, Style] = {}
        self._fixtures: dict[str, None] = {}
        self._fault = ""

    def sentence(self, step: Step, item: pytest.Item | pytest.Collector) -> str:
        """Return what to say of a step of a scenario that has no definition, without its place."""
        near = self._near(step, item)
        return _sentence(f"{step.keyword} {step.name}", near.sentence if near else "")

    def _near(self, step: Step, item: pytest.Item | pytest.Collector) -> Near | None:
        key = (owner(item), step.type, step.name)
        if key not in self._nearest:
            definitions = self._definitions.visible_to([item])
            self._nearest[key] = nearest_definition(step, definitions, self._config.rootpath)
        return self._nearest[key]

    def pytest_bdd_step_func_lookup_error(
        self, request: pytest.FixtureRequest, step: Step, exception: Exception
    ) -> None:
        """Have pytest-bdd's own message say the difference as well, where a module binds the scenario."""
        if (near := self._near(step, request.node)) is not None:
            exception.add_note(visible(near.sentence))

    def snippet(self, kind: str, sentence: str) -> str:
        """Return a definition to begin with for a sentence, by what was noted of it."""
        noted = [it for it in self._found if (it.kind, it.sentence) == (kind, sentence)]
        return code_of([_new_sentence(noted[:1]) if noted else NewSentence(parts_of(sentence, {}), {kind})])

    def note(self, item: pytest.Item, *, is_expected: bool = False) -> list[str]:
        """Note the undefined steps of a scenario, and return for each its place and what to say of it."""
        if (scenario := scenario_of(item)) is None:
            return []
        template, row = scenario
        rows = [dict(it) for table in template.examples for it in table.as_contexts()]
        noted = []
        for written, step in zip(template.steps, template.render(row).steps, strict=True):
            if self._definitions.matching(step.type, step.name, item):
                continue
            undefined = self._undefined(step, written.name, rows, item)
            undefined.is_expected &= is_expected
            place = (str(template.feature.filename), step.line_number, item.nodeid)
            if place not in undefined.steps:
                undefined.steps.append(place)
                undefined.tables.append(step.datatable is not None)
                undefined.texts.append(step.docstring is not None)
            where = location(place[0], place[1], self._config.rootpath)
            noted.append(f"{where}: {_sentence(undefined.step, undefined.difference)}")
        return noted

    def _undefined(self, step: Step, written: str, rows: Sequence[dict[str, str]], item: pytest.Item) -> Undefined:
        key = (step.type, step.name, written)
        if key not in self._known:
            own = list(self._definitions.visible_to([item]))
            node = owner(item)
            if node not in self._styles:
                self._styles[node] = style_of(own)
                self._fixtures.update(dict.fromkeys(fixture_names(node)))
            names = {name for row in rows for name in row if f"<{name}>" in written}
            columns = {name: [row[name] for row in rows if name in row] for name in sorted(names)}
            near = self._near(step, item)
            self._known[key] = Undefined(
                step.type,
                f"{step.keyword} {step.name}",
                step.name,
                written,
                columns,
                near.sentence if near else "",
                near is not None and near.is_mistake,
                asdict(self._styles[node]),
                list(_overlapped(parts_of(written, columns), own)),
            )
            self._found.append(self._known[key])
        return self._known[key]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker has found; one that crashed says nothing."""
        found, fixtures = getattr(node, "workeroutput", {}).get(_TRAVELLING, ([], []))
        self._found += [Undefined(**it) for it in found]
        self._fixtures.update(dict.fromkeys(fixtures))

    # First: the exit code is nobody else's affair then.
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand a worker's to the controller, or write the file that was asked for."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_TRAVELLING] = ([vars(it) for it in self._found], list(self._fixtures))
        elif self._file is not None and (code := self._code()):
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                # What is there by now is somebody's.
                with self._file.open("x", encoding="utf-8") as file:
                    file.write(f"{_HEAD}\n\n{code}\n")
            except OSError as error:
                self._fault = f"{self._file} cannot be written: {error.strerror or error}: name another file."
                session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell each sentence once, and show what to begin with."""
        groups, code = list(_groups(self._found)), self._code()
        if groups:
            terminalreporter.section("undefined steps")
        for group in groups:
            is_expected = all(it.is_expected for it in group)
            for line in self._lines(group):
                terminalreporter.write_line(visible(line), red=not is_expected, yellow=is_expected)
        if self._fault:
            terminalreporter.write_line(self._fault, red=True)
        name = self._config.getoption(OPTION)
        if code and (self._file is None or self._fault):
            terminalreporter.write_line(f"\nStep definitions to begin with:\n\n{code}\n")
        elif code:
            terminalreporter.write_line(f"\nStep definitions to begin with are in {name}.")
        elif self._file is not None:
            terminalreporter.write_line(f"{name} was not written: no step needs a definition.")

    def _lines(self, group: Sequence[Undefined]) -> Iterator[str]:
        steps = sorted((file, line) for it in group for file, line, _test in it.steps)
        first = min(group, key=lambda it: min(it.steps))
        root = self._config.rootpath
        where, *others = dict.fromkeys(location(file, line, root) for file, line in steps)
        yield f"{where}: {_sentence(first.step, first.difference)}"
        if len(steps) > 1:
            more = len(others) - _MOST_PLACES
            named = ", ".join(others[:_MOST_PLACES]) + (f" and {more} more" if more > 0 else "")
            yield f"  {len(steps)} times{f': also {named}' if named else ''}"

    def _code(self) -> str:
        new = list(_groups((it for it in self._found if not it.is_mistake), by_difference=False))
        sentences = [_new_sentence(group) for group in new]
        examples = [[it.sentence for it in group] for group in new]
        for sentence, own in zip(sentences, examples, strict=True):
            sentence.others += [it for other in examples if other is not own for it in other]
        return code_of(list(_distinct(sentences, examples)), self._fixtures) if sentences else ""


def _groups(found: Iterable[Undefined], *, by_difference: bool = True) -> Iterator[list[Undefined]]:
    """Yield what one definition is for, in the order in which it stands; what differs from one by itself."""
    groups: dict[tuple[object, ...], list[Undefined]] = {}
    for it in sorted(found, key=lambda it: min(it.steps)):
        shape = tuple(part if isinstance(part, str) else part.shape for part in _parts(it))
        key = (it.kind, it.sentence, it.difference) if by_difference and it.difference else shape
        groups.setdefault(key, []).append(it)
    yield from groups.values()


def _parts(undefined: Undefined) -> list[Part]:
    return parts_of(undefined.written, undefined.columns)


def _new_sentence(group: Sequence[Undefined]) -> NewSentence:
    parts = [merged(same) for same in zip(*map(_parts, group), strict=True)]
    return NewSentence(
        parts,
        {it.kind for it in group},
        Style(**group[0].style),
        list(dict.fromkeys(other for it in group for other in it.others)),
        tables={there for it in group for there in it.tables},
        texts={there for it in group for there in it.texts},
    )


def _overlapped(parts: Sequence[Part], definitions: Iterable[StepDefinition]) -> Iterator[str]:
    """Yield sentences like those of definitions that another one with anything in its gaps would match."""
    if all(isinstance(part, str) for part in parts):
        return
    loosest = re.compile("".join(escaped(it) if isinstance(it, str) else ".+" for it in parts), re.IGNORECASE)
    start = parts[0].casefold() if isinstance(parts[0], str) else ""
    for definition in definitions:
        pattern = pattern_of(definition.parser)
        first = str(pattern.pieces[0]).casefold() if isinstance(pattern.pieces[0], str) else ""
        if first.startswith(start) or start.startswith(first):
            yield from filter(loosest.fullmatch, pattern.examples())


def _distinct(sentences: Sequence[NewSentence], examples: Sequence[Sequence[str]]) -> Iterator[NewSentence]:
    """Yield those that no other one stands for, as one with a word that varies may."""
    expressions = [expression_of(it.parts) for it in sentences]
    for number, sentence in enumerate(sentences):
        general = (
            other
            for at, other in enumerate(sentences)
            if at != number
            and all(map(expressions[at].fullmatch, examples[number]))
            # Of two that stand for each other it is the first.
            and (at < number or not all(map(expressions[number].fullmatch, examples[at])))
        )
        if (other := next(general, None)) is None:
            yield sentence
        else:
            other.kinds |= sentence.kinds


def _sentence(step: str, difference: str) -> str:
    return f"no step definition says: {step}{f': {difference}' if difference else ''}"


def _file_of(config: pytest.Config) -> Path | None:
    """Return the file that is to be written. Raises UsageError where there is one of that name."""
    if not (name := config.getoption(OPTION)) or hasattr(config, "workerinput"):
        return None
    file = Path(config.invocation_params.dir, name)
    if file.exists() or file.is_symlink():
        raise pytest.UsageError(f"--accord-snippets: {name} is there, and is not overwritten: name another file.")
    return file


UNDEFINED = pytest.StashKey[UndefinedSteps]()
