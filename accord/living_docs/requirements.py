"""Which promises carry a tag, such as the number of a requirement, and what became of them: shown, and as CSV."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from accord.basics.filenames import PAGE
from accord.basics.text import one_line
from accord.living_docs.model import Document, Pickle
from accord.living_docs.words import plain

_HEADER = ("Tag", "Chapter", "Feature", "Rule", "Promise", "State", "Reason", "File", "Link")
# With these a spreadsheet takes a cell for a formula, and some take the wide forms of Chinese and Japanese keyboards
# for the same (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# By it Excel knows that it is UTF-8.
_BYTE_ORDER_MARK = "\ufeff"
_NUMBER = re.compile(r"(\d+)")


@dataclass
class Requirement:
    """A tag, and the promises that carry it; an empty tag has those that carry none."""

    tag: str
    pickles: list[Pickle]


def requirements(document: Document) -> list[Requirement]:
    """The tags, `@ISSUE-2` before `@ISSUE-12`, each with its promises; last the promises that have none."""
    found: dict[str, list[Pickle]] = {}
    for pickle in document.pickles():
        for tag in dict.fromkeys(pickle.tags) or ("",):
            found.setdefault(tag, []).append(pickle)
    return [Requirement(tag, found[tag]) for tag in sorted(found, key=lambda tag: (not tag, _natural(tag)))]


def as_csv(found: list[Requirement]) -> Iterator[str]:
    """The same as CSV, a line for each tag of each promise, which a spreadsheet opens without running any of it.

    A cell that begins as a formula does, as each tag, has an apostrophe in front of it, which says that it is text.
    """
    yield _BYTE_ORDER_MARK + _line(_HEADER)
    for requirement in found:
        for pickle in requirement.pickles:
            rule, feature = pickle.scenario.rule, pickle.scenario.feature
            yield _line(
                (
                    requirement.tag,
                    feature.chapter,
                    feature.name,
                    rule.name if rule else "",
                    pickle.name,
                    pickle.state.value,
                    pickle.because,
                    pickle.place,
                    f"{pickle.page or PAGE}#{pickle.slug}",
                )
            )


def _line(cells: tuple[str, ...]) -> str:
    line = StringIO(newline="")
    csv.writer(line).writerow(map(_harmless, cells))
    return line.getvalue()


def _harmless(text: str) -> str:
    # One line, so that no blank is in front of it.
    shown = one_line(plain(text))
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _natural(tag: str) -> list[tuple[int, str]]:
    """How people sort: a number that is longer is larger."""
    parts = [part.lstrip("0") if part.isdigit() else part.casefold() for part in _NUMBER.split(tag)]
    # Each second part is a number.
    return [(len(part) if number % 2 else -1, part) for number, part in enumerate(parts)]
