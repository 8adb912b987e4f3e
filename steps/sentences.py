"""What varies in a sentence: `"quoted text"`, `3 tasks`, `09:30 on 1 March 2026`, or one phrase of several.

Each kind lists what it takes, so that a sentence with any other word is an undefined step. Capitals matter.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast

from parse import with_pattern
from pytest_bdd.parsers import StepParser, parse

Kind = Callable[[str], object]


def sentence(words: str, **choices: Mapping[str, object]) -> StepParser:
    """Return the parser of a sentence such as `mail {server:MailServer}`, given `MailServer={"is down": ...}`.

    A kind of its own lists the phrases it takes, and gives the step what they stand for. All sentences know `:Text`,
    `:Titles`, `:Tasks`, `:Characters`, `:Number`, `:Plural` and `:Moment`.
    """
    kinds = _KINDS | {name: _one_of(phrases) for name, phrases in choices.items()}
    return parse(words, extra_types=kinds, case_sensitive=True)


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


def _count_of(noun: str) -> Kind:
    @with_pattern(rf"1 {noun}|(?!1\b)(?:0|[1-9][0-9]*) {noun}s")
    def count(words: str) -> int:
        return int(words.split(" ")[0])

    return cast(Kind, count)


@with_pattern(r'"[^"]*"')
def _text(words: str) -> str:
    return words[1:-1]


@with_pattern(r'"[^"]*"')
def _titles(words: str) -> list[str]:
    return words[1:-1].split(", ")


@with_pattern(r"0|-?[1-9][0-9]*")
def _number(words: str) -> int:
    return int(words)


@with_pattern(r"(?!1\b)(?:0|-?[1-9][0-9]*)")
def _plural(words: str) -> int:
    return int(words)


@with_pattern(r"[0-9]{2}:[0-9]{2} on [1-9][0-9]? [A-Z][a-z]+ [0-9]{4}")
def _moment(words: str) -> datetime:
    return datetime.strptime(words, "%H:%M on %d %B %Y").replace(tzinfo=UTC)


_KINDS: dict[str, Kind] = {
    "Text": _text,
    "Titles": _titles,
    "Number": _number,
    "Plural": _plural,
    "Tasks": _count_of("task"),
    "Characters": _count_of("character"),
    "Moment": _moment,
}
