"""A feature file, read: what Gherkin's own parser makes of it, and what pytest-bdd runs."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gherkin.ast_builder import AstBuilder
from gherkin.errors import CompositeParserException
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler
from gherkin.stream.id_generator import IdGenerator

from accord.compat.pytest_bdd import Feature, feature_of, syntax_error
from accord.errors import EmptyFeatureError

Node = dict[str, Any]
"""A node of Gherkin's abstract syntax tree, as Cucumber Messages have it: a feature, a rule, a scenario, a tag, ..."""


@dataclass(frozen=True)
class Document:
    """A feature file: its text, its tree, and what pytest-bdd runs of it.

    The tree has what pytest-bdd drops: of two scenarios of one name that has only the second.
    """

    uri: str
    text: str
    tree: Node
    feature: Feature
    ids: IdGenerator

    def pickles(self) -> list[Node]:
        """Return the scenarios and examples, each with the sentences that are to be run."""
        return [dict(pickle) for pickle in Compiler(self.ids).compile(self.tree)]  # type: ignore[arg-type]  # typed dicts

    def rules(self) -> list[Node]:
        """Return the rules."""
        return [child["rule"] for child in self.tree["feature"]["children"] if "rule" in child]

    def scenarios(self) -> list[Node]:
        """Return the scenarios and outlines, those of rules too."""
        parents = [self.tree["feature"], *self.rules()]
        return [child["scenario"] for parent in parents for child in parent["children"] if "scenario" in child]

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
    return Document(uri, text, tree, feature_of(path, tree), ids)


class _Ids(IdGenerator):
    def __init__(self, uri: str) -> None:
        super().__init__()
        # Ids of different files must differ. A file's name may be bytes that are not UTF-8.
        self._prefix = hashlib.sha256(uri.encode(errors="surrogateescape")).hexdigest()[:8]

    def get_next_id(self) -> str:
        return f"{self._prefix}.{super().get_next_id()}"
