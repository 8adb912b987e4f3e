"""What a rule finds, and the parts of Gherkin's tree that all rules speak of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from accord.gherkin.document import Document, Node

Finding = tuple[int, str]
"""The line, and in a sentence what is wrong there and what to do."""
Check = Callable[[Document], Iterator[Finding]]
"""A rule: its name is the function's, with dashes, and the first line of its docstring says what it demands."""


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong in a line of a feature file."""

    line: int
    sentence: str
    """What is wrong, and what to do."""
    rule: str

    def __str__(self) -> str:
        """Return the sentence, and the rule by whose name it can be switched off."""
        return f"{self.sentence} [{self.rule}]"


def line_of(node: Node) -> int:
    """Return the line of a node of the tree."""
    line: int = node["location"]["line"]
    return line
