"""Which step definition a sentence has: decided here, for the runner and for what is recorded.

pytest-bdd goes through every fixture of the session for every step. Here is an index over all of them, built once for
each node of the tree that has definitions. What is visible where stays pytest's decision; it is asked once a node, and
again once more definitions are there.
"""

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import pytest

from accord.basics.source import defined_at, location
from accord.compat.pytest_bdd import (
    ANY_KIND,
    Step,
    StepDefinition,
    bound_scenario,
    count_step_definitions,
    literal_start,
    step_definitions,
)
from accord.errors import AccordError, AmbiguousStepError, UnassertedStepError, UnusedTableError
from accord.running import Running

UNDER = {"datatable": "a table", "docstring": 'a text between lines of """'}
"""What may stand under a step, by the name of the argument that takes it."""
_NAMES = {"datatable": "table", "docstring": "text"}
# How many sentences are remembered: a step's is looked up again when the scenario is recorded.
_REMEMBERED = 1000


class Definitions:
    """The step definitions of a run, by sentence."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._visible: dict[pytest.Collector, Visible] = {}
        self._count = 0

    def resolve(self, step: Step, item: pytest.Item) -> StepDefinition | None:
        """Return the one definition of a step, or None. Raises AmbiguousStepError where several functions match it.

        Where it may be ambiguous, it is the one that pytest-bdd would take: the nearest and last.
        """
        found = self.matching(step.type, step.name, item)
        if len(found) > 1 and not self.is_off("ambiguous-step", step, item):
            root = item.config.rootpath
            sentence = ambiguity(found, f"{step.keyword} {step.name}", root)
            where = location(self._file(item), step.line_number, root)
            self._fail(AmbiguousStepError(f"{where}: {sentence} [ambiguous-step]"), item)
        return found[-1] if found else None

    def check_unused(self, definition: StepDefinition, step: Step, item: pytest.Item) -> None:
        """Raise UnusedTableError where a table or a text stands under a step whose definition takes none."""
        if not (unused := definition.unused(step)) or self.is_off("unused-table", step, item):
            return
        root = item.config.rootpath
        what = not_taken(definition, unused, f"{step.keyword} {step.name}", root)
        sentence = f"{location(self._file(item), step.line_number, root)}: {what} [unused-table]"
        self._fail(UnusedTableError(sentence), item)

    def fail_unasserted(self, definition: StepDefinition, step: Step, item: pytest.Item) -> None:
        """Raise UnassertedStepError for a Then that returned False, where it was to assert."""
        root = item.config.rootpath
        where = f"{location(self._file(item), step.line_number, root)}: {step.keyword} {step.name.removesuffix(':')}"
        place = location(*defined_at(definition.function), root)
        what = "returned False, which fails nothing: write `assert` in the place of `return`."
        self._fail(UnassertedStepError(f"{where}: its definition ({place}) {what}"), item)

    def _fail(self, error: AccordError, item: pytest.Item) -> None:
        """Raise an error, which is only said of a scenario that a module binds, since that passed, unless strict."""
        if bound_scenario(item) is None or item.config.getini("accord_strict"):
            raise error
        self._running.notices.append(str(error))

    def is_off(self, rule: str, step: Step, item: pytest.Item) -> bool:
        """Return whether a rule is switched off for a step."""
        is_off = item.config.stash.get(IS_OFF, None)
        return is_off is not None and is_off(rule, Path(self._file(item)), step.line_number)

    def _file(self, item: pytest.Item) -> str | Path:
        bound = bound_scenario(item)
        return item.path if bound is None else bound[0].feature.filename

    def matching(self, kind: str, sentence: str, item: pytest.Item | pytest.Collector) -> list[StepDefinition]:
        """Return the definitions of a kind (`given`, `when`, `then`, `step` for any) that match a sentence.

        They are those that an item could use, or the items of a feature file.

        A nearer one overrides those that are farther from the scenario, as pytest-bdd has it, unless `accord_strict` is
        set. Of one function, which has several by two decorators or an import into another module, it is the nearest.
        """
        return self._at(item).find(kind, sentence)

    def visible_to(self, items: Iterable[pytest.Item | pytest.Collector]) -> Iterator[StepDefinition]:
        """Yield all definitions that one of the items could use, each once or more."""
        for visible in dict.fromkeys(map(self._at, items)):
            yield from visible.definitions

    def are_async(self, item: pytest.Item) -> bool:
        """Return whether any of those that an item could use is async."""
        return self._at(item).are_async

    def _at(self, item: pytest.Item | pytest.Collector) -> "Visible":
        # More are registered whenever a module is imported.
        if self._count != count_step_definitions():
            self._visible.clear()
            self._count = count_step_definitions()
        node = owner(item)
        if node not in self._visible:
            is_strict: bool = item.config.getini("accord_strict")
            self._visible[node] = Visible(step_definitions(node), is_strict=is_strict)
        return self._visible[node]


def ambiguity(found: Sequence[StepDefinition], step: str, root: Path) -> str:
    """Return what to say of a step that several definitions match."""
    locations = [location(file, line, root) for file, line in sorted(defined_at(it.function) for it in found)]
    said = f"{len(found)} step definitions say: {step.removesuffix(':')}"
    return f"{said}: {' and '.join(locations)}: reword or remove all but one."


def lacking(definition: StepDefinition, name: str, step: str, root: Path) -> str:
    """Return what to say of a step whose definition takes what does not stand under it: `datatable`, `docstring`."""
    return (
        f"{step.removesuffix(':')}: its step definition ({location(*defined_at(definition.function), root)}) takes "
        f"{UNDER[name]} under the step: write it there, or remove the argument `{name}`."
    )


def not_taken(definition: StepDefinition, unused: Sequence[str], step: str, root: Path) -> str:
    """Return what to say of a step whose definition does not take what stands under it: `datatable`, `docstring`."""
    what = " and ".join(_NAMES[name] for name in unused)
    where = f"{step.removesuffix(':')}: its definition ({location(*defined_at(definition.function), root)})"
    return (
        f"{where} does not take the {what} under it: add an argument {' and '.join(f'`{name}`' for name in unused)}, "
        f"or remove the {what}."
    )


def owner(item: pytest.Item | pytest.Collector) -> pytest.Collector:
    """Return the nearest node that can have step definitions, and fixtures: a Python module, a class, or a directory.

    What is visible to the item is what is visible to all items of this node.
    """
    node = item.parent
    while getattr(node, "obj", None) is None and not isinstance(node, (pytest.Directory, pytest.Session)):
        assert node is not None, "a session is above every item"
        node = node.parent
    assert isinstance(node, pytest.Collector)
    return node


class Visible:
    """The step definitions that are visible at one node."""

    def __init__(self, definitions: list[StepDefinition], *, is_strict: bool) -> None:
        self.definitions = definitions
        self._is_strict = is_strict
        # In pytest-bdd's order, since the last of them is the nearest.
        self._order = {id(definition): number for number, definition in enumerate(definitions)}
        self._literal: defaultdict[str, list[StepDefinition]] = defaultdict(list)
        self._others: list[tuple[str, StepDefinition]] = []
        self._found: dict[tuple[str, str], list[StepDefinition]] = {}
        for definition in definitions:
            start, is_all = literal_start(definition.parser)
            if is_all:
                # A sentence without arguments is found by one look into a dict.
                self._literal[start].append(definition)
            else:
                self._others.append((_plain(start), definition))

    @cached_property
    def are_async(self) -> bool:
        """Whether any of them is async."""
        functions = (definition.function for definition in self.definitions)
        return any(inspect.iscoroutinefunction(it) or inspect.isasyncgenfunction(it) for it in functions)

    def find(self, kind: str, sentence: str) -> list[StepDefinition]:
        """Return those of this kind that match a sentence."""
        if len(self._found) > _REMEMBERED:
            self._found.clear()
        if (found := self._found.get((kind, sentence))) is None:
            found = self._found[kind, sentence] = self._search(kind, sentence)
        return found

    def _search(self, kind: str, sentence: str) -> list[StepDefinition]:
        plain = _plain(sentence)
        candidates = self._literal.get(sentence, []) + [
            definition for start, definition in self._others if plain.startswith(start)
        ]
        found = [it for it in candidates if _is_of(kind, it) and it.parser.is_matching(sentence)]
        # Of two that are visible to one item, the base of the nearer one is below the other's.
        found.sort(key=lambda it: (len(it.baseid), self._order[id(it)]))
        # The last of a function's stays, which is the nearest.
        own = list({id(it.function): it for it in found}.values())
        return own if self._is_strict else [it for it in own if it.baseid == found[-1].baseid]


def _is_of(kind: str, definition: StepDefinition) -> bool:
    return definition.kind in (None, kind) or kind == ANY_KIND


def _plain(sentence: str) -> str:
    # To a parser of pytest-bdd's, capitals and the width of a space need not matter.
    return " ".join(sentence.split()).casefold()


IS_OFF = pytest.StashKey[Callable[[str, Path, int], bool]]()
"""Whether a rule is switched off, by its name, for a line of a feature file; the room that reads those says it."""
DEFINITIONS = pytest.StashKey[Definitions]()
