"""A step definition in words: `the task "…"`, from its pattern and from the steps that it is used for.

Where the gaps of a sentence are, the steps that it was used for show best, whatever kind of parser it has; a pattern is
read only where there is none.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from string import Formatter
from typing import Any, NamedTuple

GAP = "…"
Argument = tuple[int | None, str | None]
"""Where in a step's text an argument begins, and its text; None for what a parser does not say."""

_QUOTES = "\"'`\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_PART = re.compile(
    r"\\(.)|\(\?(?:P<(?P<name>\w+)>|(?P<plain>:|[aiLmsux-]+:|<?[=!]))|(?P<open>\()|(?P<close>\))|.", re.DOTALL
)
KINDS = ("given", "when", "then")
# So many texts of a sentence are compared with before its gaps are looked at.
_MOST_TEXTS = 10_000


class Use(NamedTuple):
    """A step that a definition is used for: its keyword, its text, and `file:line`, where that is known."""

    keyword: str
    text: str
    place: str = ""


@dataclass(slots=True)
class Sentence:
    """A step definition, with what was said by it."""

    pattern: str
    place: str
    """`file:line` of the function."""
    kind: str = ""
    """`given`, `when` or `then`; empty for a definition of any kind, or one of which that is not known."""
    is_regex: bool = False
    uses: int = 0
    example: Use | None = None
    """The first step that it was used for."""
    folders: dict[str, int] = field(default_factory=dict)
    """How often it is used in each folder of features."""
    words: str = ""
    """The sentence with `…` for each gap; `"…"` for one that has a text in quotes."""
    gaps: dict[str, dict[str, None]] = field(default_factory=dict)
    """What was said in each gap, by its name: each text once, in the order of the features."""
    choices: dict[str, list[str]] = field(default_factory=dict)
    """All that may be said in a gap, by its name, of those that take one phrase of several."""
    expressions: dict[str, str] = field(default_factory=dict)
    """What a gap takes, as a regular expression, by what stands in its braces; of `parse` and `cfparse` alone."""
    kinds: list[str] = field(default_factory=list)
    """Which kinds of step it is used for."""
    _texts: set[str] = field(default_factory=set, compare=False)

    def __post_init__(self) -> None:
        """Have the words of the pattern, until there is a use."""
        self.words = self.words or in_words(self.pattern, is_regex=self.is_regex)

    @property
    def heading(self) -> str:
        """`Given`, `When`, `Then`, or `Any` for what is used as several of them."""
        kinds = [self.kind] if self.kind else self.kinds
        return kinds[0].capitalize() if len(kinds) == 1 and kinds[0] in KINDS else "Any"

    @property
    def pattern_in_words(self) -> str:
        """The pattern with `…` for each gap, whatever steps it is used for."""
        return in_words(self.pattern, is_regex=self.is_regex)

    @property
    def gap_kinds(self) -> list[str]:
        """What each gap takes: its expression, or the kind that stands there; of a regular expression its groups."""
        if self.expressions:
            return list(self.expressions.values())
        if self.is_regex:
            return re.findall(r"\((?!\?:).*?\)", self.pattern)
        return [kind for _text, name, kind in _parts(self.pattern) if name is not None]

    def use(self, kind: str, folder: str, step: Use, arguments: Iterable[Argument]) -> None:
        """Count a step that it is used for, and take what is said in its gaps, which are only asked for if need be."""
        self.uses += 1
        folders = self.folders
        folders[folder] = folders.get(folder, 0) + 1
        if kind not in self.kinds:
            self.kinds.append(kind)
        # Most steps are said many times, in outlines and backgrounds.
        if step.text in self._texts:
            return
        # Where very many differ, nearly all do.
        if len(self._texts) < _MOST_TEXTS:
            self._texts.add(step.text)
        found = list(arguments)
        if self.example is None:
            self.example = step
            self.words = _with_gaps(step.text, _outer(step.text, found))
        for name, (_start, text) in zip(self._names(len(found)) if found else (), found, strict=True):
            if text is not None:
                self.gaps.setdefault(name, {})[text] = None

    def _names(self, count: int) -> list[str]:
        names = gap_names(self.pattern, is_regex=self.is_regex)
        return names if len(names) == count else [str(number) for number in range(1, count + 1)]


def as_json(sentence: Sentence) -> dict[str, Any]:
    """Return a sentence in the types of JSON."""
    return {name: getattr(sentence, name) for name in _FIELDS}


def from_json(written: dict[str, Any]) -> Sentence:
    """Return the sentence that was written so."""
    example = written["example"]
    return Sentence(**written | {"example": Use(*example) if example else None})


_FIELDS = [it.name for it in fields(Sentence) if not it.name.startswith("_")]


# Asked for at each step of a large document.
@lru_cache(maxsize=1024)
def gap_names(pattern: str, *, is_regex: bool) -> list[str]:
    """Return the names of a pattern's gaps, numbers for those that have none; none for what it cannot read."""
    if is_regex:
        try:
            compiled = re.compile(pattern)
        except (re.error, OverflowError, RecursionError):  # It may be of another language's.
            return []
        named = {number: name for name, number in compiled.groupindex.items()}
        return [named.get(number, str(number)) for number in range(1, compiled.groups + 1)]
    names = [name for _text, name, _kind in _parts(pattern) if name is not None]
    # In a Cucumber expression the name is that of the kind, which may be there twice.
    return [
        name if name and names.count(name) == 1 else f"{name} {number}".strip() for number, name in enumerate(names, 1)
    ]


def in_words(pattern: str, *, is_regex: bool) -> str:
    """Return a pattern as the sentence that it stands for, with `…` for each gap."""
    if is_regex:
        return _regex_in_words(pattern)
    return "".join(text + ("" if name is None else GAP) for text, name, _kind in _parts(pattern))


def _parts(pattern: str) -> list[tuple[str, str | None, str]]:
    """Return the texts of a pattern of `parse`, or a Cucumber expression, with name and kind of the gap after each."""
    try:
        return [(text, name, kind or "") for text, name, kind, _conversion in Formatter().parse(pattern)]
    except ValueError:  # It has a brace that is none of a gap's.
        return [(pattern, None, "")]


def _regex_in_words(pattern: str) -> str:
    """Return a regular expression without its groups and signs, as far as that is a sentence."""
    words: list[str] = []
    # Of each bracket that is open, whether it is a gap.
    gaps: list[bool] = []
    for part in _PART.finditer(pattern.removeprefix("^").removesuffix("$")):
        if part["close"]:
            is_gap = gaps.pop() if gaps else False
            words += [GAP] if is_gap and not any(gaps) else []
        elif part["open"] or part["name"] or part["plain"]:
            gaps.append(not part["plain"])
        elif not any(gaps):
            words.append(part[1] if part[1] and not part[1].isalnum() else part[0])
    return "".join(words)


def _outer(text: str, arguments: Sequence[Argument]) -> list[tuple[int, int]]:
    """Return where the gaps of a text begin and end, without those that are in others."""
    spans: list[tuple[int, int]] = []
    for start, value in arguments:
        if value is not None:
            at = start if start is not None and start >= 0 and text.startswith(value, start) else None
            # Some parsers do not say where, and some count the characters in another way.
            if at is None and text.count(value) == 1:
                at = text.find(value)
            spans += [(at, at + len(value))] if at is not None else []
    outer: list[tuple[int, int]] = []
    for begin, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not outer or begin >= outer[-1][1]:
            outer.append((begin, end))
    return outer


def _with_gaps(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return a text with `…` in the place of its gaps; quotes around them stay."""
    for begin, end in reversed(spans):
        value = text[begin:end]
        is_quoted = len(value) > 1 and value[0] in _QUOTES and value[-1] in _QUOTES
        text = text[:begin] + (f"{value[0]}{GAP}{value[-1]}" if is_quoted else GAP) + text[end:]
    return text
