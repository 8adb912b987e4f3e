"""Reads a feature file: the tree of Gherkin's own parser, and the feature that pytest-bdd runs."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gherkin.ast_builder import AstBuilder
from gherkin.errors import CompositeParserException
from gherkin.parser import Parser
from gherkin.stream.id_generator import IdGenerator

from accord.compat.gherkin import PickleCompiler
from accord.compat.pytest_bdd import ANY_KIND, ScenarioTemplate, feature_of, syntax_error
from accord.errors import EmptyFeatureError

KINDS = {"Context": "given", "Action": "when", "Outcome": "then"}
"""What Gherkin calls the kind of a step, and the decorator of its definition."""
Node = dict[str, Any]
"""A node of Gherkin's abstract syntax tree, as Cucumber Messages have it: a feature, a rule, a scenario, a tag, ..."""


@dataclass(frozen=True)
class Document:
    """A feature file: its text, its tree, and what pytest-bdd runs of it."""

    uri: str
    text: str
    tree: Node
    path: Path
    ids: IdGenerator

    @cached_property
    def templates(self) -> list[ScenarioTemplate]:
        """The scenarios and outlines that pytest-bdd runs, those of rules too; not made where nothing is to run."""
        _feature, templates = feature_of(self.path, self.tree)
        return templates

    def pickles(self) -> list[Node]:
        """Return the scenarios and examples, each with the sentences that are to be run."""
        tree: Any = self.tree  # The compiler has typed dicts for it.
        return [dict(pickle) for pickle in PickleCompiler(self.ids).compile(tree)]

    def rules(self) -> list[Node]:
        """Return the rules."""
        return [child["rule"] for child in self.tree["feature"]["children"] if "rule" in child]

    def backgrounds(self) -> list[Node]:
        """Return the backgrounds, those of rules too."""
        parents = (self.tree["feature"], *self.rules())
        return [child["background"] for parent in parents for child in parent["children"] if "background" in child]

    def scenarios(self) -> list[Node]:
        """Return the scenarios and outlines, those of rules too."""
        return [it for parent in (self.tree["feature"], *self.rules()) for it in _scenarios(parent)]

    def concerned(self, line: int) -> list[Node]:
        """Return the scenarios that what stands in a line is for: the one that it is in, or all that it is above."""
        number = bisect_right(self._parts, line, key=_first)
        return self._parts[number - 1][1] if number else self.scenarios()

    def extent(self, line: int) -> range:
        """Return the lines of what begins in a line, be it with a tag; of anything else, that line."""
        if line <= _start(self.tree["feature"]):
            return range(1, self.text.count("\n") + 2)
        nodes, end = list(self._nodes()), self.text.count("\n") + 2
        for number, (start, depth) in enumerate(nodes):
            if start == line:
                return range(line, next((below for below, other in nodes[number + 1 :] if other <= depth), end))
        return range(line, line + 1)

    def _nodes(self) -> Iterator[tuple[int, int]]:
        """Yield the first line of each part of the feature, in their order, and how deep in the tree it is."""
        for child in self.tree["feature"]["children"]:
            [node] = child.values()
            yield _start(node), 1
            for inner in node.get("children", ()):
                [part] = inner.values()
                yield _start(part), 2
                yield from ((_start(table), 3) for table in part.get("examples", ()))
            yield from ((_start(table), 3) for table in node.get("examples", ()))

    @cached_property
    def _parts(self) -> list[tuple[int, list[Node]]]:
        """The first line of each part of the feature, and the scenarios that it is for, by line."""
        feature = self.tree["feature"]
        parts = [(_start(feature), self.scenarios())]
        for parent in (feature, *self.rules()):
            below = self.scenarios() if parent is feature else _scenarios(parent)
            for child in parent["children"]:
                [(kind, node)] = child.items()
                parts.append((_start(node), _concerned(kind, node, below)))
        return sorted(parts, key=_first)

    def lines_of_tag(self, name: str, line: int) -> list[int]:
        """Return where a tag stands that the scenario or the example of that line has, the nearest first."""
        feature = self.tree["feature"]
        tagged: list[Node] = []
        for parent in (feature, *self.rules()):
            for scenario in _scenarios(parent):
                tables: list[Node] = scenario.get("examples", [])
                of_row = [it for it in tables if line in (row["location"]["line"] for row in it.get("tableBody", ()))]
                if of_row or scenario["location"]["line"] == line:
                    # A scenario that a module binds does not say of which table it is.
                    tagged = [*(of_row or tables), scenario, parent]
        if feature not in tagged:
            tagged.append(feature)
        return [tag["location"]["line"] for node in tagged for tag in node["tags"] if tag["name"] == name]

    def tags(self) -> Iterator[Node]:
        """Yield all tags."""
        for node in [self.tree["feature"], *self.rules(), *self.scenarios()]:
            yield from node["tags"]
            for examples in node.get("examples", ()):
                yield from examples["tags"]


def read(path: Path, uri: str) -> Document:
    """Read a feature file.

    The ids are the same for the same file in every process, so that messages of several can be joined.
    Raises GherkinParseError, EmptyFeatureError, OSError or UnicodeDecodeError.
    """
    # Some editors on Windows write a byte order mark first.
    text = path.read_text(encoding="utf-8-sig")
    ids = _Ids(uri)
    try:
        tree: Node = {"uri": uri, **Parser(AstBuilder(ids)).parse(text)}
    except CompositeParserException:
        raise syntax_error(path) from None
    if not tree.get("feature"):
        raise EmptyFeatureError
    return Document(uri, text, tree, path, ids)


def steps_of(pickle: Node) -> Iterator[tuple[str, Node]]:
    """Yield the steps of a pickle, each with its kind: `given`, `when`, `then`, or `step` for any.

    One that begins with `*` is of the kind of the one before, or of any.
    """
    kind = ANY_KIND
    for step in pickle["steps"]:
        kind = KINDS.get(step["type"], kind)
        yield kind, step


def _first(part: tuple[int, list[Node]]) -> int:
    return part[0]


def _scenarios(parent: Node) -> list[Node]:
    return [child["scenario"] for child in parent["children"] if "scenario" in child]


def _concerned(kind: str, node: Node, below: list[Node]) -> list[Node]:
    return [node] if kind == "scenario" else _scenarios(node) if kind == "rule" else below


def _start(node: Node) -> int:
    """Return the first line of a node, which may be that of a tag."""
    lines: list[int] = [it["location"]["line"] for it in (node, *node.get("tags", ()))]
    return min(lines)


class _Ids(IdGenerator):
    def __init__(self, uri: str) -> None:
        super().__init__()
        # Ids of different files must differ. A file's name may be bytes that are not UTF-8.
        self._prefix = hashlib.sha256(uri.encode(errors="surrogateescape")).hexdigest()[:8]

    def get_next_id(self) -> str:
        return f"{self._prefix}.{super().get_next_id()}"
