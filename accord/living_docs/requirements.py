"""Which promises carry a tag, such as the number of a requirement, and what became of them: shown, and as CSV."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO

from accord.basics.filenames import PAGE
from accord.basics.text import one_line
from accord.living_docs.colophon import commits
from accord.living_docs.former import Former
from accord.living_docs.model import Document, Pickle
from accord.living_docs.words import plain

_HEADER = ("Tag", "Chapter", "Feature", "Rule", "Promise", "State", "Reason", "File", "Link")
# In each line, so that a file that lies alone, or is sorted, says of which run it is.
_OF_RUN = ("Commit", "Started", "SHA-256 of messages")
_NOT_READ = ("not read", "its feature file could not be read; this is as it was before")
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
    pickles: list[Pickle] = field(default_factory=list)
    unread: list[Former] = field(default_factory=list)
    """Those that carried it before their feature file could no longer be read."""


def requirements(document: Document) -> list[Requirement]:
    """The tags, `@ISSUE-2` before `@ISSUE-12`, each with its promises; last the promises that have none."""
    found: dict[str, Requirement] = {}
    for pickle in document.pickles():
        for requirement in _carried(pickle, found):
            requirement.pickles.append(pickle)
    for former in document.not_read:
        for requirement in _carried(former, found):
            requirement.unread.append(former)
    return [found[tag] for tag in sorted(found, key=lambda tag: (not tag, _natural(tag)))]


def as_csv(found: list[Requirement], document: Document) -> Iterator[str]:
    """The same as CSV, a line for each tag of each promise, which a spreadsheet opens without running any of it.

    A cell that begins as a formula does, as each tag, has an apostrophe in front of it, which says that it is text.
    """
    run = document.metadata
    of_run = (
        ", ".join(commits(run, document.provenance.get("revision", []))),
        run.started.isoformat(timespec="seconds") if run.started else "",
        document.digest,
    )
    yield _BYTE_ORDER_MARK + _line((*_HEADER, *_OF_RUN))
    for requirement in found:
        for former in requirement.unread:
            of = former.feature
            became = (*_NOT_READ, of.uri, f"{PAGE}#{former.slug}")
            yield _line((requirement.tag, of.chapter, of.name, former.rule, former.name, *became, *of_run))
        for pickle in requirement.pickles:
            rule, feature = pickle.scenario.rule, pickle.scenario.feature
            became = (pickle.state.value, pickle.because, pickle.place, f"{pickle.page or PAGE}#{pickle.slug}")
            rule_name = rule.name if rule else ""
            yield _line((requirement.tag, feature.chapter, feature.name, rule_name, pickle.name, *became, *of_run))


def _carried(promise: Pickle | Former, found: dict[str, Requirement]) -> list[Requirement]:
    """Return the tags of a promise, which are added to those found."""
    return [found.setdefault(tag, Requirement(tag)) for tag in dict.fromkeys(promise.tags) or ("",)]


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
