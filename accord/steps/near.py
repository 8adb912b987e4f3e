"""What a sentence without a definition was meant to be: the nearest one that is defined, and by what alone it differs.

A difference is said only where the sentence, mended by it, has that definition.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from heapq import nlargest
from pathlib import Path
from typing import NamedTuple

from accord.basics.source import defined_at, location
from accord.basics.text import distance, errors_allowed
from accord.compat.pytest_bdd import (
    ANY_KIND,
    Step,
    StepDefinition,
    is_of_pytest_bdd,
    language_of,
    values_in,
    with_parser,
)
from accord.steps.differences import QUOTED, invisible_difference, mends
from accord.steps.gaps import impossible_date
from accord.steps.patterns import Field, Pattern, pattern_of, words_of
from accord.steps.values import EXCHANGED, LONGEST_VALUE, SMALL_WORDS, Difference, of_value

# How many are compared letter by letter, and how many of these are tried.
_COMPARED, _CANDIDATES = 40, 8
_SHORT = 2
# Of more, it is another sentence.
_MOST_REASONS = 3
_LEAST_LIKE, _OF_ALL = 0.55, 0.7
_TOKEN = re.compile(r"[^\W\d_](?:[\w'\u2019-]*\w)?")


class Near(NamedTuple):
    """What to say of the nearest definition."""

    sentence: str
    is_mistake: bool
    """Whether it is hardly a sentence that is still to be defined."""


def distinct(definitions: Iterable[StepDefinition]) -> list[StepDefinition]:
    """Return the definitions, each once, without pytest-bdd's own."""
    own = (it for it in definitions if not is_of_pytest_bdd(it))
    return list({(it.kind, id(it.function), it.parser.name): it for it in own}.values())


def nearest_definition(step: Step, definitions: Sequence[StepDefinition], rootpath: Path) -> Near | None:
    """Return the definition from which a sentence differs by a mistake that one makes; None where there is none."""
    if (invisible := invisible_difference(step, definitions, rootpath)) is not None:
        return Near(invisible, is_mistake=True)
    best: tuple[tuple[bool, int, int], StepDefinition, Difference] | None = None
    for rank, definition in enumerate(_alike(step.name, definitions)):
        if (unparsed := _as_parser(step, definition)) is not None:
            return Near(f"`{definition.parser.name}` ({_place(definition, rootpath)}) {unparsed}", is_mistake=True)
        if (found := _difference(step, definition)) is not None:
            key = (not found.is_mistake, len(found.reasons), rank)
            best = min(best or (key, definition, found), (key, definition, found), key=lambda it: it[0])
    if best is None:
        odd = impossible_date(step.name)
        return Near(f"`{odd}` is not a date: correct it", is_mistake=True) if odd else None
    _key, definition, found = best
    reasons = ", and by ".join(found.reasons)
    said = f"it differs from `{definition.parser.name}` ({_place(definition, rootpath)}) only by {reasons}"
    return Near(said, found.is_mistake)


def _place(definition: StepDefinition, rootpath: Path) -> str:
    return location(*defined_at(definition.function), rootpath)


def _alike(sentence: str, definitions: Sequence[StepDefinition]) -> list[StepDefinition]:
    """Return those with the likest words; what varies counts for nothing."""
    words = words_of(QUOTED.sub(" ", sentence).casefold())
    given = frozenset(words)

    def shared(definition: StepDefinition) -> float:
        there = pattern_of(definition.parser).word_set
        return len(given & there) / (len(given) + len(there) or 1)

    likely = nlargest(_COMPARED, definitions, key=shared)
    if len(words) <= _SHORT:
        # Of so few words none need be right.
        likely += [it for it in definitions if 0 < len(pattern_of(it.parser).words) <= _SHORT]
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(" ".join(words))
    found: list[tuple[float, int, StepDefinition]] = []
    for number, definition in enumerate({id(it): it for it in likely}.values()):
        there = " ".join(pattern_of(definition.parser).words).casefold()
        matcher.set_seq1(there)
        shared_letters = sum(block.size for block in matcher.get_matching_blocks())
        # The words of what varies may be many.
        ratio = max(matcher.ratio(), _OF_ALL * shared_letters / len(there)) if there else 0
        if ratio >= _LEAST_LIKE:
            found.append((-ratio, number, definition))
    return [definition for _ratio, _number, definition in sorted(found)[:_CANDIDATES]]


def _as_parser(step: Step, definition: StepDefinition) -> str | None:
    """Return what to say of plain text that was meant to be read by a parser."""
    if language_of(definition.parser) or not _is_of(step.type, definition):
        return None
    for name in ("parse", "re"):
        parser = with_parser(name, definition.parser.name)
        if parser is not None and pattern_of(parser).fields and values_in(parser, step.name) is not None:
            return f"says it once it is read by a parser: write `parsers.{name}(...)` around it"
    if "<" in definition.parser.name:
        parser = with_parser("parse", re.sub("<([^<>]+)>", r"{\1}", definition.parser.name))
        if parser is not None and values_in(parser, step.name) is not None:
            return "says it once it is `parsers.parse(...)`, with braces in the place of `<` and `>`"
    return None


def _is_of(kind: str, definition: StepDefinition) -> bool:
    return definition.kind in (None, kind) or kind == ANY_KIND


def _difference(step: Step, definition: StepDefinition) -> Difference | None:
    """Return by what a sentence differs from what a definition says, if that is all."""
    pattern = pattern_of(definition.parser)
    kind = [] if _is_of(step.type, definition) else [f"its keyword, which is {str(definition.kind).title()} there"]
    texts: list[tuple[str, list[str]]] = [(step.name, kind)]
    for mend in (_without_slips, _in_capitals, _in_letters):
        text, reasons = mend(texts[-1][0], pattern)
        if reasons:
            texts.append((text, [*texts[-1][1], *reasons]))
    for text, reasons in texts:
        if values_in(pattern.parser, text) is not None:
            return Difference(reasons) if len(reasons) <= _MOST_REASONS else None
    # What stands under a step, and nobody would take, makes it another sentence.
    if definition.unused(step):
        return None
    for text, reasons in texts:
        # With another keyword, a word more or less does.
        for look in (_in_quotes, _in_value) if kind else (_in_quotes, _in_value, _in_small_word):
            if (found := look(text, pattern)) is not None:
                all_reasons = [*reasons, *found.reasons]
                return Difference(all_reasons, found.is_mistake) if len(all_reasons) <= _MOST_REASONS else None
    return None


def _without_slips(text: str, pattern: Pattern) -> tuple[str, list[str]]:
    """Mend spaces, quotes and the end of a sentence."""
    mended, reasons = mends(text)
    if (comment := re.search(r" +(#.*)", mended)) is not None and "#" not in pattern.text:
        mended = mended[: comment.start()]
        reasons.append(f"`{comment[1]}`, which is a part of the sentence")
    if r"\"" in mended:
        mended = mended.replace(r"\"", '"')
        reasons.append("the backslashes before quotes")
    end = pattern.text[-1:]
    if pattern.pieces[-1] and end in ".:;,!?" and not mended.endswith(end):
        return f"{mended.rstrip(' .:;,!?')}{end}", [*reasons, f"the `{end}` at its end, which is missing"]
    return mended, reasons


def _in_capitals(text: str, pattern: Pattern) -> tuple[str, list[str]]:
    """Mend capitals."""
    there = {word.casefold(): word for word in pattern.words}

    def mend(word: str) -> str:
        return word if word in pattern.words else there.get(word.casefold(), word)

    return _with_words(text, mend)


def _in_letters(text: str, pattern: Pattern) -> tuple[str, list[str]]:
    """Mend words that are misspelt, written as one, or taken apart."""
    given = {word.casefold() for word in words_of(QUOTED.sub(" ", text))}
    missing = [word for word in dict.fromkeys(pattern.words) if word.casefold() not in given]
    pairs = {
        f"{one}{other}".casefold(): f"{one} {other}"
        for one, other in zip(pattern.words, pattern.words[1:], strict=False)
    }
    there = {word.casefold() for word in pattern.words}

    def mend(word: str) -> str:
        if word.casefold() in there:
            return word
        if word.casefold() in pairs:
            return pairs[word.casefold()]
        return next((it for it in missing if _is_misspelt(word, it)), word)

    mended, reasons = _with_words(text, mend)
    for word in missing:
        parted = re.compile(r"\b" + r" ?".join(map(re.escape, word)) + r"\b", re.IGNORECASE)
        if (found := parted.search(mended)) and " " in found[0] and found[0].replace(" ", "") == word:
            mended = mended.replace(found[0], word)
            reasons.append(f"`{found[0]}`, which is `{word}` there")
    return mended, reasons


def _is_misspelt(word: str, meant: str) -> bool:
    one, other = word.casefold(), meant.casefold()
    # Who misspells a word seldom begins it with another letter, as `unlocked` does, unless the first two are swapped.
    if one[0] != other[0] and sorted(one[:2]) != sorted(other[:2]):
        return False
    # Of short words the letters are there in another order, or one of them twice.
    if sorted(one) == sorted(other) or re.sub(r"(.)\1", r"\1", one) == re.sub(r"(.)\1", r"\1", other):
        return True
    return distance(one, other) <= errors_allowed(min(len(one), len(other)))


def _with_words(text: str, mend: Callable[[str], str]) -> tuple[str, list[str]]:
    """Return the text with each word outside quotes mended, and what that changed."""
    reasons: dict[str, None] = {}

    def of_word(found: "re.Match[str]") -> str:
        mended = mend(found[0])
        if mended != found[0]:
            reasons[f"`{found[0]}`, which is `{mended}` there"] = None
        return mended

    parts = QUOTED.split(text)
    mended = "".join(part if number % 2 else _TOKEN.sub(of_word, part) for number, part in enumerate(parts))
    return mended, list(reasons)


def _in_quotes(text: str, pattern: Pattern) -> Difference | None:
    """Find quotes that are missing, too many, or of another kind."""
    if "'" in text and values_in(pattern.parser, text.replace("'", '"')) is not None:
        return Difference(["single quotes, which are double there"])
    if '"' in text and values_in(pattern.parser, text.replace('"', "'")) is not None:
        return Difference(["double quotes, which are single there"])
    quotes = sum(piece.count('"') for piece in pattern.pieces if isinstance(piece, str))
    if quotes == text.count('"') or (bare := pattern.without_quotes()) is None:
        return None
    values = values_in(bare, text.replace('"', ""))
    if values is None or any(len(str(value).split()) > LONGEST_VALUE for value in values.values()):
        return None
    if text.count('"') % 2:
        return Difference(["a quote, which is missing"])
    if text.count('"') > quotes:
        return Difference(["quotes, which are not there"])
    quoted = [
        field.name
        for before, field in zip(pattern.pieces, pattern.pieces[1:], strict=False)
        if isinstance(field, Field) and isinstance(before, str) and before.endswith(('"', "'"))
    ]
    # Those in quotes already are not what is missing.
    named = [f"`{values[name]}`" for name in quoted if name in values and f'"{values[name]}"' not in text]
    return Difference([f"the quotes around {' and '.join(named)}, which are missing"]) if named else None


def _in_value(text: str, pattern: Pattern) -> Difference | None:
    """Find a value that a field does not take."""
    for field in pattern.fields:
        if not field.kind or (free := pattern.taking_anything_for(field)) is None:
            continue
        parser, name = free
        if (values := values_in(parser, text)) is not None:
            found = of_value(str(values.get(name, "")), field, pattern.parser)
            # Of `a {count:d}` nothing but the number says that it was meant.
            if found is not None and (found.is_mistake or pattern.word_set - SMALL_WORDS):
                return found
    return None


def _in_small_word(text: str, pattern: Pattern) -> Difference | None:
    """Find a small word that is missing, too many, or another one."""
    given, there = [it.casefold() for it in words_of(text)], [it.casefold() for it in pattern.words]
    # Of short sentences a small word makes another one.
    if len(there) < 3:
        return None
    lacking = [
        it
        for it in pattern.words
        if it.casefold() in SMALL_WORDS and given.count(it.casefold()) < there.count(it.casefold())
    ]
    tokens = text.split(" ")
    for number, token in enumerate(tokens):
        if token.casefold() not in SMALL_WORDS:
            continue
        rest = [tokens[:number], tokens[number + 1 :]]
        if values_in(pattern.parser, " ".join([*rest[0], *rest[1]])) is not None:
            return Difference([f"the word `{token}`, which is not there"])
        alike = next((group for group in EXCHANGED if token.casefold() in group), ())
        for word in dict.fromkeys(it for it in lacking if it.casefold() in alike):
            if values_in(pattern.parser, " ".join([*rest[0], word, *rest[1]])) is not None:
                return Difference([f"`{token}`, which is `{word}` there"], is_mistake=False)
    for word in dict.fromkeys(lacking):
        for number in range(len(tokens) + 1):
            if values_in(pattern.parser, " ".join([*tokens[:number], word, *tokens[number:]])) is not None:
                return Difference([f"the word `{word}`, which is missing"])
    return None
