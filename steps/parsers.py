"""What varies in a sentence: `"{title}"`, `{count:d} tasks`, `{moment}`, or one phrase of several.

A sentence is one literal, as pytest-bdd's own `parsers.parse` has it, so that an editor finds the step of a sentence.
Each field takes only what is listed: a sentence with any other word is an undefined step. Capitals matter.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast

import pytest_bdd.parsers
from parse import with_pattern
from pytest_bdd.parsers import StepParser

Kind = Callable[[str], object]

_FIELD = re.compile(r'("?)\{(\w+)(:d)?\}')


def parse(sentence: str, **lists: Mapping[str, object]) -> StepParser:
    """Return the parser of a sentence such as `mail {server}`, given `server={"is down": ...}`.

    A field that is named so lists the phrases it takes, and gives the step what they stand for. In quotes any text is
    taken, for `:d` a whole number: `count` and `length` are never negative, and neither they nor `limit` are 1.
    `{moment}` is a time, and `"{titles}"` a list.
    """
    kinds = _KINDS | {name: _one_of(phrases) for name, phrases in lists.items()}

    def with_kind(field: re.Match[str]) -> str:
        quote, name, is_number = field.groups()
        kind = name if name in kinds else "Text" if quote else "Number" if is_number else ""
        return f"{quote}{{{name}:{kind}}}" if kind else field[0]

    parser = pytest_bdd.parsers.parse(_FIELD.sub(with_kind, sentence), extra_types=kinds, case_sensitive=True)
    parser.name = sentence
    return parser


def moment_in_words(moment: datetime) -> str:
    """Return a time as sentences say it: `09:30 on 1 March 2026`; seconds are said where there are any."""
    moment = moment.astimezone(UTC)
    time = moment.strftime("%H:%M:%S.%f").removesuffix(":00.000000")
    return f"{time} on {moment.day} {moment:%B %Y}"


def _one_of(phrases: Mapping[str, object]) -> Kind:
    @with_pattern("|".join(map(re.escape, phrases)))
    def value(words: str) -> object:
        return phrases[words]

    return cast(Kind, value)


@with_pattern('[^"]*')
def _text(words: str) -> str:
    return words


@with_pattern('[^",]+(?:, [^",]+)*')
def _titles(words: str) -> list[str]:
    return words.split(", ")


@with_pattern(r"0|-?[1-9][0-9]*")
def _number(words: str) -> int:
    return int(words)


@with_pattern(r"(?!1\b)(?:0|-?[1-9][0-9]*)")
def _plural(words: str) -> int:
    return int(words)


@with_pattern(r"(?!1\b)(?:0|[1-9][0-9]*)")
def _count(words: str) -> int:
    return int(words)


@with_pattern(r"[0-9]{2}:[0-9]{2} on [1-9][0-9]? [A-Z][a-z]+ [0-9]{4}")
def _moment(words: str) -> datetime:
    return datetime.strptime(words, "%H:%M on %d %B %Y").replace(tzinfo=UTC)


_KINDS: dict[str, Kind] = {
    "Text": _text,
    "titles": _titles,
    "Number": _number,
    "limit": _plural,
    "count": _count,
    "length": _count,
    "moment": _moment,
}
