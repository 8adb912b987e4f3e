"""The rules for what Gherkin takes for a description, though it was meant to run.

Above the first step of a scenario, and above the first scenario of a feature or a rule, any line is description: a
keyword that is misspelt there, or a step that stands there, is passed over without a word.
"""

import re
from collections.abc import Iterator
from itertools import dropwhile

from accord.gherkin.document import Document, Node
from accord.gherkin.rules.fault import Finding
from accord.gherkin.rules.keywords import Keyword, Keywords

_NEVER = "is not run, but read as a description"
# A step has no clauses, and no full stop; what is in quotes may have both.
_PROSE = re.compile(r"""^[^"']*, |[.,:;!?…]$""")


def misspelt_keyword(document: Document) -> Iterator[Finding]:
    """A keyword is written as the language of the feature has it: its letters, capitals, colon and space."""
    for part in _descriptions(document):
        for number, keyword in part.misspelt():
            line = part.text(number)
            if keyword.is_exact:
                yield number, f"`{line}` stands where it {_NEVER}: write it where its keyword may stand."
            else:
                yield number, f"`{line}` {_NEVER}: did you mean `{keyword.correct}`?"


def step_outside_scenario(document: Document) -> Iterator[Finding]:
    """A step stands in a scenario or in a background."""
    for part in _descriptions(document):
        for number in part.stray_steps():
            yield number, f"`{part.text(number)}` {_NEVER} of the {part.kind}: write it in a scenario, or a background."


class _Description:
    """The description of a feature, a rule, a background, a scenario or examples."""

    def __init__(self, kind: str, node: Node, document: Document, keywords: Keywords) -> None:
        self.kind = kind
        self._lines = document.text.split("\n")
        self._keywords = keywords
        self._numbers = dict.fromkeys(_described(node, self._lines))
        self._has_steps = kind in ("scenario", "background")

    def text(self, number: int) -> str:
        """Return a line of the file, without the blanks around it."""
        return self._lines[number - 1].strip() if number <= len(self._lines) else ""

    def misspelt(self) -> Iterator[tuple[int, Keyword]]:
        """Yield the lines that begin with a misspelt keyword, each with the one that was meant."""
        for number in self._numbers:
            title = self._keywords.title(self.text(number))
            if title is not None and self._is_above_content(number):
                yield number, title
            elif self._has_steps and (step := self._keywords.step(self.text(number))) and self._is_step(number, step):
                yield number, step

    def stray_steps(self) -> Iterator[int]:
        """Yield the lines that are steps, though none may stand here."""
        if self._has_steps:
            return
        titles = {number for number, _keyword in self.misspelt()}
        for paragraph in self._paragraphs():
            steps = self._steps_at_the_end(paragraph)
            if any(self._first_above(number) in titles for number in steps):
                continue
            kinds = {self._keywords.kind(self.text(number)) for number in steps}
            # Several kinds make an example. One alone may be a sentence, and may go on from the line above.
            is_whole = len(steps) == len([n for n in paragraph if not self.text(n).startswith("|")])
            is_prose = not is_whole or any(_PROSE.search(self.text(number)) for number in steps)
            if len(kinds - {None}) > 1 or (kinds - {None} and not is_prose):
                yield from steps

    def _steps_at_the_end(self, paragraph: list[int]) -> list[int]:
        """Return the last lines of a paragraph that are steps, of which the first is a Given, When or Then."""
        found: list[int] = []
        for number in reversed(paragraph):
            step = self._keywords.step(self.text(number))
            if step is None and not self.text(number).startswith("|"):
                break
            if step is not None:
                found.insert(0, number)
        return list(dropwhile(lambda number: self._keywords.kind(self.text(number)) is None, found))

    def _first_above(self, number: int) -> int:
        """Return the last line above a step that is none."""
        return max((n for n in self._numbers if n < number and self._keywords.step(self.text(n)) is None), default=0)

    def _is_step(self, number: int, step: Keyword) -> bool:
        """Return whether a line is a step whose keyword is wrong, and not a sentence of the description."""
        top = number
        while top - 1 in self._numbers and self._keywords.step(self.text(top - 1)) is not None:
            top -= 1
        if top - 1 in self._numbers:
            # A sentence goes on in a line that begins so.
            return False
        below = next((n for n in range(number + 1, len(self._lines) + 1) if self.text(n)), number)
        return top < number or step.is_certain or self._keywords.step(self.text(below)) is not None

    def _is_above_content(self, number: int) -> bool:
        """Return whether steps or a table follow, as they do below a title."""
        below = next((n for n in self._numbers if n > number), number + 1)
        text = self.text(below)
        return text.startswith("|") or self._keywords.step(text) is not None

    def _paragraphs(self) -> Iterator[list[int]]:
        paragraph: list[int] = []
        for number in self._numbers:
            if paragraph and paragraph[-1] != number - 1:
                yield paragraph
                paragraph = []
            paragraph.append(number)
        if paragraph:
            yield paragraph


def _descriptions(document: Document) -> Iterator[_Description]:
    """Yield those of the feature, its rules, backgrounds, scenarios and examples."""
    feature = document.tree["feature"]
    keywords = Keywords.of(feature["language"])
    for kind, node in _parts(feature):
        if node.get("description", "").strip():
            yield _Description(kind, node, document, keywords)


def _parts(feature: Node, kind: str = "feature") -> Iterator[tuple[str, Node]]:
    yield kind, feature
    for child in feature["children"]:
        [(name, node)] = child.items()
        if name == "rule":
            yield from _parts(node, "rule")
        else:
            yield name, node
            yield from (("examples", table) for table in node.get("examples", ()))


def _described(node: Node, lines: list[str]) -> Iterator[int]:
    """Yield the numbers of the lines of a description, without blank ones and comments."""
    number = node["location"]["line"]
    for text in map(str.strip, node["description"].split("\n")):
        if text:
            number = next((n for n in range(number + 1, len(lines) + 1) if lines[n - 1].strip() == text), number)
            yield number
