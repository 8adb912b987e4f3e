"""What a rule finds, and the parts of Gherkin's tree that all rules speak of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from accord.gherkin.document import Document, Node


class Fix(NamedTuple):
    """What mends a line for certain: a text that stands in it, the first time, and what is to stand there."""

    old: str
    new: str


Finding = tuple[int, str] | tuple[int, str, Fix | None]
"""The line, in a sentence what is wrong there and what to do, and what mends it where one answer alone is right."""
Check = Callable[[Document], Iterator[Finding]]
"""A rule: its name is the function's, with dashes, and the first line of its docstring says what it demands."""


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong in a line of a feature file."""

    line: int
    sentence: str
    """What is wrong, and what to do."""
    rule: str
    fix: Fix | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Return the sentence, and the rule by whose name it can be switched off."""
        return f"{self.sentence} [{self.rule}]"


def line_of(node: Node) -> int:
    """Return the line of a node of the tree."""
    line: int = node["location"]["line"]
    return line
