"""Why a field of a step definition does not take a value: a word of no list, a number that is none, quotes."""

import re
from contextlib import suppress
from typing import Any, NamedTuple

from accord.basics.text import nearest
from accord.compat.pytest_bdd import StepParser, kinds_of, language_of
from accord.steps.kinds import KINDS, WHOLE
from accord.steps.patterns import Field, list_in

LONGEST_VALUE = 6
"""How many words a value may have: of more, the sentence is another one."""
_MOST_LISTED = 12
_NUMERALS = frozenset(
    (
        *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
        *("twenty", "hundred", "thousand"),
    )
)
# Small words: the first two lists have those of which one may stand for another of the list.
EXCHANGED = (
    ("a", "an", "the", "this", "that", "my", "your", "his", "her", "its", "our", "their"),
    ("to", "of", "in", "on", "at", "for", "from", "with", "by", "as", "into", "onto"),
)
SMALL_WORDS = frozenset(
    (
        *(*EXCHANGED[0], *EXCHANGED[1], "i", "it", "they", "we", "you", "he", "she", "is", "are", "was", "were", "be"),
        *(
            "been",
            "am",
            "do",
            "does",
            "did",
            "has",
            "have",
            "had",
            "will",
            "would",
            "and",
            "then",
            "also",
            "there",
            "given",
            "when",
            "but",
        ),
    )
)
"""What is left out or added without another meaning."""


class Difference(NamedTuple):
    """By what a sentence differs from what a definition says."""

    reasons: list[str]
    is_mistake: bool = True
    """Whether it is hardly a sentence that is still to be defined."""


def of_value(value: str, field: Field, parser: StepParser) -> Difference | None:
    """Return by what a value differs from those that a field of a parser takes; None where it is something else."""
    count = len(value.split())
    if not value or value.casefold() in SMALL_WORDS or count > LONGEST_VALUE:
        return None
    kinds = kinds_of(parser)
    kind = field.kind if field.kind in kinds else field.kind.rstrip("?*+")
    is_expression = language_of(parser) == "re"
    expression = field.kind if is_expression else str(getattr(kinds.get(kind), "pattern", ""))
    if phrases := list_in(expression):
        return _of_list(value, phrases)
    if is_expression and expression in (r"\d+", r"-?\d+", "[0-9]+", "-?[0-9]+"):
        return _of_kind(value, WHOLE, field)
    if kind in kinds:
        return _of_own(value, field, kinds[kind], expression)
    if "%" in kind and kind != "%":
        return _of_form(value, field, kind)
    if not is_expression:
        # Before the kind may stand how wide it is, and the like.
        return _of_kind(value, next((KINDS[it] for it in (kind[-2:], kind[-1:]) if it in KINDS), ""), field)
    return None


def _of_list(value: str, phrases: list[str]) -> Difference | None:
    if value[:1] in "\"'" and value[1:-1] in phrases:
        return Difference([f"the quotes around `{value[1:-1]}`, which are not there"])
    # A sentence of its own goes on for longer.
    if len(value.split()) > max(len(it.split()) for it in phrases):
        return None
    listed = ", ".join(f"`{it}`" for it in phrases[:_MOST_LISTED])
    more = len(phrases) - _MOST_LISTED
    reason = f"`{value}`, which is not one of {listed}{f' and {more} more' if more > 0 else ''}"
    meant = nearest(value, phrases)
    return Difference([f"{reason} (`{meant}`?)" if meant else reason], is_mistake=meant is not None)


def _of_kind(value: str, said: str, field: Field) -> Difference | None:
    if not said or len(value.split()) > 1:
        return None
    is_number = bool(re.search(r"\d", value)) or value.casefold() in _NUMERALS
    return Difference([f"`{value}`, which is not {said}, as `{field.source}` is"], is_mistake=is_number)


def _of_form(value: str, field: Field, form: str) -> Difference | None:
    if len(value.split()) > len(form.split()) + 1:
        return None
    what = "a time" if not re.search("%[djmBbyY]", form) else "a date"
    reason = f"`{value}`, which is not {what} as `{field.source}` has it"
    return Difference([reason], is_mistake=bool(re.search(r"\d", value)))


def _of_own(value: str, field: Field, converter: Any, expression: str) -> Difference | None:
    """Find why a kind of the project's own does not take a value."""
    with suppress(re.error):
        if not expression or re.fullmatch(expression, value):
            try:
                converter(value)
            except Exception as error:  # A converter of the project's may raise anything.
                return Difference([f"`{value}`, which `{field.source}` does not take: {error}"])
            return None
        for quote in "\"'":
            if re.fullmatch(expression, f"{quote}{value}{quote}"):
                # A number of things, as `3 tasks`, is of another sentence.
                return None if value[0].isdigit() else Difference([f"the quotes around `{value}`, which are missing"])
            if value[:1] + value[-1:] in ('""', "''") and re.fullmatch(expression, f"{quote}{value[1:-1]}{quote}"):
                return Difference([f"the quotes of `{value}`, which are `{quote}` there"])
        if value.count('"') == 1 and re.fullmatch(expression, f'"{value.strip(chr(34))}"'):
            return Difference(["a quote, which is missing"])
        if '"' in value or not (len(value.split()) == 1 or re.search(r"\d", value)):
            return None
        reason = f"`{value}`, which is not written as `{field.source}` has it: `{expression}`"
        return Difference([reason], is_mistake=bool(re.search(r"\d", value)))
    return None
