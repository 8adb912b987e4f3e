"""Which step definitions a sentence has: an index over all of them, built once for each place in the tree.

pytest-bdd goes through every fixture of the session for every step. What is visible where stays pytest's decision; it
is asked once a place, and again once more definitions are there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest

from accord.compat.internals import StepDefinition, count_step_definitions, literal_start, step_definitions

# So many sentences are looked up once: a step's is wanted again when the scenario is recorded.
_REMEMBERED = 1000


class Definitions:
    """The step definitions of a run, by sentence."""

    def __init__(self) -> None:
        self._places: dict[pytest.Collector, Visible] = {}
        self._known = 0

    def find(self, kind: str, sentence: str, item: pytest.Item) -> list[StepDefinition]:
        """Return the definitions of this kind (`given`, `when`, `then`) that match a sentence."""
        return self.at(item).find(kind, sentence)

    def visible_to(self, items: Iterable[pytest.Item]) -> Iterator[StepDefinition]:
        """Yield all definitions that one of the items could use, each once or more."""
        for place in dict.fromkeys(map(self.at, items)):
            yield from place.definitions

    def at(self, item: pytest.Item) -> "Visible":
        """Return the definitions that are visible to an item."""
        if self._known != count_step_definitions():
            self._places.clear()
            self._known = count_step_definitions()
        place = home(item)
        if place not in self._places:
            self._places[place] = Visible(step_definitions(place))
        return self._places[place]


def home(item: pytest.Item) -> pytest.Collector:
    """Return the nearest node that can have step definitions, and fixtures: a Python module, a class, or a directory.

    What is visible to the item is what is visible to all items of this node.
    """
    node = item.parent
    while getattr(node, "obj", None) is None and not isinstance(node, (pytest.Directory, pytest.Session)):
        assert node is not None, "a session is above every item"
        node = node.parent
    assert isinstance(node, pytest.Collector)
    return node


def one_a_function(definitions: Sequence[StepDefinition]) -> list[StepDefinition]:
    """Leave out a function's second definition: two decorators, or an import into another module, are no other step."""
    functions: list[Callable[..., object]] = []
    distinct = []
    for definition in definitions:
        if definition.function not in functions:
            functions.append(definition.function)
            distinct.append(definition)
    return distinct


def snippet(kind: str, sentence: str) -> str:
    """Return a step definition to begin with."""
    quoted = sentence.replace("\\", "\\\\").replace('"', '\\"')
    return f'@{kind}("{quoted}")\nasync def _() -> None:\n    raise NotImplementedError'


class Visible:
    """The step definitions that are visible in one place."""

    def __init__(self, definitions: list[StepDefinition]) -> None:
        self.definitions = definitions
        # In pytest-bdd's order, since the last of them is the nearest.
        self._order = {id(definition): number for number, definition in enumerate(definitions)}
        self._literal: defaultdict[str, list[StepDefinition]] = defaultdict(list)
        self._others: list[tuple[str, StepDefinition]] = []
        self._found: dict[tuple[str, str], list[StepDefinition]] = {}
        for definition in definitions:
            start, is_all = literal_start(definition.parser)
            if is_all:
                self._literal[start].append(definition)
            else:
                self._others.append((_plain(start), definition))

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
        return [
            definition
            for definition in sorted(candidates, key=lambda it: self._order[id(it)])
            if definition.kind in (None, kind) and definition.parser.is_matching(sentence)
        ]


def _plain(sentence: str) -> str:
    # To a parser of pytest-bdd's, capitals and the width of a space need not matter.
    return " ".join(sentence.split()).casefold()
