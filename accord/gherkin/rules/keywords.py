"""Which keyword of Gherkin, in the language of a feature, a line was meant to begin with."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from gherkin.dialect import DIALECTS

from accord.basics.text import distance
from accord.gherkin.rules.fault import Fix

_STEPS = ("given", "when", "then", "and", "but")
_TITLES = ("background", "rule", "scenario", "scenarioOutline", "examples")
# Words that stand at the beginning of a sentence and are one letter away from a keyword.
_WORDS = frozenset(
    (
        *("give", "gives", "giver", "the", "they", "thin", "thee", "where", "whey"),
        *("wann", "dank", "dont", "quant", "sort", "suit", "main", "dato", "dedo", "cuanto", "quanto"),
        *("perro", "peso", "gegevens", "такие"),
    )
)
# With these a line goes on, and no sentence begins.
_WITHIN = frozenset(("than", "them"))
# A word of the keyword's own language.
_ALIKE = {"wenn": "wen"}
_SPACES = re.compile(r"\s+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
# Chinese and Japanese are written with the others.
_COLONS = ":\uff1a\ufe55\ufe13"


class Keyword(NamedTuple):
    """What a line begins with: the keyword as it should be, and how sure that is."""

    correct: str
    is_exact: bool
    is_certain: bool
    """Whether nobody writes prose so: there is a colon after it, or an odd space."""
    errors: int
    """How many letters of it are wrong, but for capitals and accents."""


class Keywords:
    """The keywords of a language."""

    def __init__(self, language: str) -> None:
        dialect: Mapping[str, Any] = DIALECTS[language]
        self._steps = list(dict.fromkeys(it for kind in _STEPS for it in dialect[kind] if it != "* "))
        self._kinds = [(it, kind) for kind in _STEPS[:3] for it in dialect[kind] if it != "* "]
        self._features = dialect["feature"]
        self._examples: list[str] = dialect["examples"]
        self._titles = list(dict.fromkeys(it for kind in _TITLES for it in dialect[kind]))

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, language: str) -> "Keywords":
        """Return those of a language, by its name in Gherkin."""
        return cls(language)

    def step(self, line: str) -> Keyword | None:
        """Return the keyword of a step that a line begins with, or was meant to."""
        return min(self._like_steps(line), key=lambda it: (not it.is_exact, it.errors, -len(it.correct)), default=None)

    def kind(self, line: str) -> str | None:
        """Return `given`, `when` or `then` for a line that begins with a keyword of these, as Gherkin has it."""
        return next((kind for keyword, kind in self._kinds if line.startswith(keyword)), None)

    def title(self, line: str) -> Keyword | None:
        """Return the keyword of a title, such as `Scenario:`, that a line begins with, or was meant to."""
        return self._like(line, self._titles)

    def _like(self, line: str, titles: Sequence[str]) -> Keyword | None:
        return min(self._like_titles(line, titles), key=lambda it: (it.errors, -len(it.correct)), default=None)

    def correction(self, line: str) -> str | None:
        """Return the keyword that a line was meant to begin with, where it begins with none, `Feature:` too."""
        found = [it for it in (self._like(line, self._features), self.title(line), self.step(line)) if it is not None]
        nearest = min(found, key=lambda it: it.errors, default=None)
        return None if nearest is None or nearest.is_exact else nearest.correct

    def fix(self, line: str, below: str, *, with_feature: bool = False) -> Fix | None:
        """Return what mends the keyword of a line, if one alone can have been meant above what is below.

        That of a feature is looked for where it may be.
        """
        titles = [*self._titles, *(self._features if with_feature else ())]
        tolerance = 0
        # `Exampel:` may be a scenario's, or that of a table.
        if below.startswith("|"):
            titles = self._examples
        elif self.step(below) is not None:
            titles = [title for title in titles if title not in self._examples]
        else:
            tolerance = 1
        found = [*self._like_steps(line), *self._like_titles(line, titles)]
        nearest = sorted(found, key=lambda it: it.errors)
        nearest = [it for it in nearest if it.errors <= nearest[0].errors + tolerance]
        if any(it.is_exact for it in found) or len({it.correct for it in nearest}) != 1:
            return None
        correct = nearest[0].correct.removesuffix("...").strip()
        text = line.strip()
        colon = min((at for sign in _COLONS if (at := text.find(sign)) > 0), default=-1)
        if nearest[0].correct.endswith(":") and colon > 0:
            return Fix(text[: colon + 1], correct)
        words = re.match(r"\S+" + r"\s+\S+" * (len(correct.split()) - 1), text)
        return Fix(words[0], correct) if words else None

    def _like_steps(self, line: str) -> Iterator[Keyword]:
        words = _SPACES.split(_INVISIBLE.sub("", line).strip())
        for keyword in self._steps:
            if line.startswith(keyword):
                yield Keyword(keyword, is_exact=True, is_certain=True, errors=0)
                continue
            correct = keyword.strip()
            count = len(correct.split())
            head = " ".join(words[:count])
            bare = head.rstrip(_COLONS)
            # Some languages write no space after a keyword.
            if not keyword.endswith(" ") or len(words) < count:
                continue
            if (errors := _errors(bare, correct)) is not None:
                is_certain = errors == 0 and (bare != head or bare == correct)
                yield Keyword(f"{keyword}...", is_exact=False, is_certain=is_certain, errors=errors)

    def _like_titles(self, line: str, titles: Sequence[str]) -> Iterator[Keyword]:
        text = _SPACES.sub(" ", _INVISIBLE.sub("", line)).strip()
        colon = min((at for sign in _COLONS if (at := text.find(sign)) > 0), default=-1)
        for keyword in titles:
            correct = f"{keyword}:"
            if colon > 0 and (errors := _errors(text[:colon].strip(), keyword)) is not None:
                yield Keyword(correct, is_exact=text.startswith(correct), is_certain=False, errors=errors)
            elif colon < 0 and (text == keyword or text.startswith(f"{keyword} ")):
                yield Keyword(correct, is_exact=False, is_certain=False, errors=1)


def _errors(words: str, keyword: str) -> int | None:
    """Return how many letters of a keyword are wrong; None if it is something else."""
    one, other = _folded(words), _folded(keyword)
    if one == other:
        return 0
    is_word = one in _WORDS or _ALIKE.get(other) == one or (one in _WITHIN and words[0].islower())
    if not one or is_word or abs(len(one) - len(other)) > 2:
        return None
    errors = distance(one, other)
    # Who misspells a word seldom begins it with another letter, unless the first two are swapped.
    begins_so = one[0] == other[0] or sorted(one[:2]) == sorted(other[:2])
    return errors if begins_so and errors <= _allowed(one, other) else None


def _allowed(word: str, keyword: str) -> int:
    if len(keyword) < 3:
        return 0
    if len(keyword) == 3:
        # Of three letters all may be there in another order, or one twice: anything else is another word.
        return int(sorted(word) == sorted(keyword) or re.sub(r"(.)\1", r"\1", word) == keyword)
    return 1 if len(keyword) < 8 else 2


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(it for it in letters if not unicodedata.combining(it))
