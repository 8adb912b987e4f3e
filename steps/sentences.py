"""The kinds of words that vary in a sentence: `"quoted text"`, `09:30 on 1 March 2026`, what one does with a task."""

from datetime import UTC, datetime

from parse import with_pattern
from pytest_bdd.parsers import StepParser, parse


@with_pattern(r'"[^"]*"')
def _text(words: str) -> str:
    return words[1:-1]


@with_pattern(r'"[^"]*"|nothing')
def _titles(words: str) -> list[str]:
    return [] if words == "nothing" else words[1:-1].split(", ")


@with_pattern(r"\d\d:\d\d on \d+ [A-Z][a-z]+ \d{4}")
def moment(words: str) -> datetime:
    """Read `09:30 on 1 March 2026`."""
    return datetime.strptime(words, "%H:%M on %d %B %Y").replace(tzinfo=UTC)


@with_pattern("open|complete|reopen|delete|change")
def _deed(words: str) -> str:
    return words


_KINDS = {"Text": _text, "Titles": _titles, "Moment": moment, "Deed": _deed}


def sentence(words: str) -> StepParser:
    """Return the sentence in which `{name:Text}`, `:Titles`, `:Moment` and `:Deed` vary, and `{name}` is any words."""
    return parse(words, extra_types=_KINDS)
