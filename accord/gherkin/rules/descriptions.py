"""The rules for what Gherkin takes for a description, though it was meant to run.

Above the first step of a scenario, and above the first scenario of a feature or a rule, any line is description: a
keyword that is misspelt there, or a step that stands there, is passed over without a word.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import dropwhile, pairwise

from accord.gherkin.document import Document, Node
from accord.gherkin.rules.fault import Finding, Fix
from accord.gherkin.rules.keywords import Keyword, Keywords

_NEVER = "is not run, but read as a description"
_FENCES = ('"""', "```")
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
                yield number, f"`{line}` {_NEVER}: did you mean `{keyword.correct}`?", part.fix(number, keyword)


def step_outside_scenario(document: Document) -> Iterator[Finding]:
    """A step stands in a scenario or in a background."""
    for part in _descriptions(document):
        for number in part.stray_steps():
            yield number, f"`{part.text(number)}` {_NEVER} of the {part.kind}: write it in a scenario, or a background."


class _Description:
    """The description of a feature, a rule, a background, a scenario or examples."""

    def __init__(self, kind: str, node: Node, lines: list[str], keywords: Keywords) -> None:
        self.kind = kind
        self._lines = lines
        self._keywords = keywords
        self._has_steps = kind in ("scenario", "background")
        described = list(self._without_texts(_described(node, lines)))
        self._paragraphs = list(self._split(described))
        self._next = dict(pairwise(described))

    def text(self, number: int) -> str:
        """Return a line of the file, without the blanks around it."""
        return self._lines[number - 1].strip() if number <= len(self._lines) else ""

    def fix(self, number: int, keyword: Keyword) -> Fix | None:
        """Return what mends the keyword of a line, if that is certain."""
        fix = self._keywords.fix(self.text(number), self._below(number))
        return fix if fix is not None and keyword.correct.startswith(fix.new) else None

    def misspelt(self) -> Iterator[tuple[int, Keyword]]:
        """Yield the lines that begin with a misspelt keyword, each with the one that was meant."""
        for paragraph in self._paragraphs:
            # A sentence may go on in a line that begins like a step.
            goes_on = False
            for number in paragraph:
                step = self._keywords.step(self.text(number))
                title = self._keywords.title(self.text(number))
                if title is not None and self._is_above_content(number):
                    yield number, title
                elif self._has_steps and step is not None and not goes_on and self._is_step(number, paragraph[0], step):
                    yield number, step
                goes_on = goes_on or step is None

    def stray_steps(self) -> Iterator[int]:
        """Yield the lines that are steps, though none may stand here."""
        if self._has_steps:
            return
        titles = {number for number, _keyword in self.misspelt()}
        last_other = 0
        for paragraph in self._paragraphs:
            steps = self._steps_at_the_end(paragraph)
            others = [number for number in paragraph if number not in steps and not self.text(number).startswith("|")]
            last_other = others[-1] if others else last_other
            kinds = {self._keywords.kind(self.text(number)) for number in steps} - {None}
            # Several kinds make an example. One alone may be a sentence, and may go on from the line above.
            is_prose = bool(others) or any(_PROSE.search(self.text(number)) for number in steps)
            if last_other not in titles and (len(kinds) > 1 or (kinds and not is_prose)):
                yield from steps

    def _steps_at_the_end(self, paragraph: list[int]) -> dict[int, None]:
        """Return the last lines of a paragraph that are steps, of which the first is a Given, When or Then."""
        found: list[int] = []
        for number in reversed(paragraph):
            step = self._keywords.step(self.text(number))
            if step is None and not self.text(number).startswith("|"):
                break
            if step is not None:
                found.append(number)
        return dict.fromkeys(dropwhile(lambda it: self._keywords.kind(self.text(it)) is None, reversed(found)))

    def _is_step(self, number: int, first: int, step: Keyword) -> bool:
        """Return whether a line that is the first of a paragraph, or below steps, is one, and not a sentence."""
        below = self._below(number)
        goes_on = below.startswith(("|", *_FENCES)) or self._keywords.step(below) is not None
        return number > first or step.is_certain or goes_on

    def _is_above_content(self, number: int) -> bool:
        """Return whether steps or a table follow, as they do below a title."""
        text = self.text(self._next.get(number, number + 1))
        return text.startswith("|") or self._keywords.step(text) is not None

    def _below(self, number: int) -> str:
        """Return the next line that is not blank and not a comment."""
        below = (text for it in range(number + 1, len(self._lines) + 1) if (text := self.text(it)))
        return next((text for text in below if not text.startswith("#")), "")

    def _without_texts(self, numbers: Iterable[int]) -> Iterator[int]:
        """Yield the lines but for those of texts, be they those of steps or code."""
        fence: str | None = None
        for number in numbers:
            text = self.text(number)
            found = next((it for it in _FENCES if text.startswith(it)), None)
            if fence is None and found is None:
                yield number
            elif fence is None or fence == found:
                fence = found if fence is None else None

    def _split(self, numbers: list[int]) -> Iterator[list[int]]:
        """Yield paragraphs, which a blank line ends, and a comment does not."""
        paragraph: list[int] = []
        for number in numbers:
            if paragraph and not all(self.text(it) for it in range(paragraph[-1] + 1, number)):
                yield paragraph
                paragraph = []
            paragraph.append(number)
        if paragraph:
            yield paragraph


def _descriptions(document: Document) -> Iterator[_Description]:
    """Yield those of the feature, its rules, backgrounds, scenarios and examples."""
    feature = document.tree["feature"]
    keywords = Keywords.of(feature["language"])
    lines = document.text.split("\n")
    for kind, node in _parts(feature):
        if node.get("description", "").strip():
            yield _Description(kind, node, lines, keywords)


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
