"""The rule for tags, and which tags a run knows."""

from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase

import pytest

from accord.basics.text import nearest
from accord.compat.pytest import can_be_mark
from accord.compat.pytest_bdd import is_handled
from accord.gherkin.document import Document
from accord.gherkin.rules.fault import Finding, Fix, line_of

SETTING = "accord_tags"


class Tags:
    """The tags that a run knows: the markers of its configuration, patterns, and what the suite's own hooks handle."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._patterns: list[str] = config.getini(SETTING)
        self._known: dict[tuple[str, int], bool] = {}

    def is_known(self, tag: str) -> bool:
        """Return whether a tag, without its `@`, is known."""
        # Markers may be added while conftests are loaded.
        lines: list[str] = self._config.getini("markers")
        if (found := self._known.get((tag, len(lines)))) is None:
            found = self._known[tag, len(lines)] = self._is_known(tag, lines)
        return found

    def _is_known(self, tag: str, lines: list[str]) -> bool:
        is_mark = can_be_mark(tag) and (
            any(tag == marker(line) or _is_of_line(tag, line) for line in lines)
            or any(fnmatchcase(tag, pattern) for pattern in self._patterns)
        )
        return is_mark or is_handled(self._config, tag)

    def remedy(self, tag: str) -> str:
        """Return what to do about a tag that is not known."""
        if not can_be_mark(tag):
            return "rename it, since pytest has no such mark."
        known = [
            *map(marker, self._config.getini("markers")),
            *(it for it in self._patterns if not set("*?[") & set(it)),
        ]
        near = nearest(tag, known) or next(iter(get_close_matches(tag, known, 1, cutoff=0.75)), None)
        meant = f" (@{near}?)" if near else ""
        return f"correct it{meant}, or add it to `markers` or `{SETTING}` in the pytest configuration."

    def fix(self, tag: str) -> Fix | None:
        """Return what mends a tag that is not known, if it differs from one alone that is, by capitals."""
        known = {marker(line) for line in self._config.getini("markers")}
        like = [name for name in known if name.casefold() == tag.casefold()]
        return Fix(f"@{tag}", f"@{like[0]}") if len(like) == 1 else None


def unknown_tag(document: Document, tags: Tags) -> Iterator[Finding]:
    """A tag is known, as a marker or by `accord_tags`: a filter may miss one that is misspelt."""
    for tag in document.tags():
        name = tag["name"].removeprefix("@")
        if not tags.is_known(name):
            sentence = f"the tag @{name} is not known, so a filter may miss it: {tags.remedy(name)}"
            yield line_of(tag), sentence, tags.fix(name)


def marker(line: str) -> str:
    """Return the name of the marker that a line of `markers` is of."""
    # A marker is declared as `name(arguments): description`.
    return line.partition(":")[0].partition("(")[0].strip()


def _is_of_line(tag: str, line: str) -> bool:
    # pytest cuts a marker at its first `:` or `(`, which a tag may have in it.
    line = line.strip()
    return line == tag or line.startswith((f"{tag}:", f"{tag} :"))


TAGS = pytest.StashKey[Tags]()
