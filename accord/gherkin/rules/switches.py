"""Which rules are switched off: for all features, for those of a folder, or by a comment in a feature file.

```
# accord: ignore[no-then]
Scenario: ...
```
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

from accord.basics.source import relative
from accord.compat.pytest_bdd import GherkinParseError
from accord.errors import EmptyFeatureError
from accord.gherkin.document import Document, read
from accord.gherkin.rules.catalogue import NOT_READABLE, OF_CHECK, RULES
from accord.gherkin.rules.fault import Fault

FOR_ALL = "accord_ignore"
FOR_FILES = "accord_per_file_ignores"
_LISTING = "`accord check --rules` lists all"
_COMMENT = re.compile(r"\s*#\s*accord\s*:\s*(.*)", re.IGNORECASE)
_IGNORE = re.compile(r"ignore\s*\[([^\[\]]*)\]\s*$", re.IGNORECASE)


class Comment(NamedTuple):
    """A comment that switches rules off: where it stands, which lines it is for, and what is in its brackets."""

    line: int
    lines: range
    text: str

    @property
    def names(self) -> list[str] | None:
        """The names in it; None if it is not written as it should be."""
        found = _IGNORE.match(self.text)
        return None if found is None else _names(found[1].split(","))


class Switches:
    """Which rules the configuration switches off, and the comments of feature files.

    Raises UsageError of pytest's for the name of a rule that is not there.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._rootpath = config.rootpath
        self._comments: dict[Path, list[Comment]] = {}
        self._for_all = frozenset(_known(FOR_ALL, _names(config.getini(FOR_ALL))))
        self._for_files: list[tuple[str, frozenset[str]]] = []
        for line in config.getini(FOR_FILES):
            pattern, colon, names = line.rpartition(":")
            if not colon or not pattern.strip():
                raise pytest.UsageError(
                    f"{FOR_FILES}: {line} has no pattern and names: write `features/old/*: no-then`."
                )
            self._for_files.append((pattern.strip(), frozenset(_known(FOR_FILES, _names(names.split(","))))))

    def is_off(self, rule: str, uri: str) -> bool:
        """Return whether the configuration switches a rule off for a feature file."""
        return rule in self._for_all or any(
            rule in names and _matches(uri, pattern) for pattern, names in self._for_files
        )

    def is_off_at(self, rule: str, file: Path, line: int) -> bool:
        """Return whether a rule is switched off for a line of a feature file, by its comments too."""
        uri = relative(file, self._rootpath)
        if self.is_off(rule, uri):
            return True
        if file not in self._comments:
            with suppress(GherkinParseError, EmptyFeatureError, OSError, UnicodeDecodeError):
                self._comments[file] = list(comments(read(file, uri)))
        return any(line in it.lines and rule in (it.names or ()) for it in self._comments.get(file, ()))

    def remaining(self, document: Document, found: Iterable[Fault]) -> Iterator[Fault]:
        """Yield the faults that count, and those of the comments themselves."""
        said = list(comments(document))
        off = [(comment.lines, names) for comment in said if (names := comment.names) is not None]
        for fault in found:
            by_comment = any(fault.rule in names and fault.line in lines for lines, names in off)
            if not by_comment and not self.is_off(fault.rule, document.uri):
                yield fault
        for comment in said:
            yield from _faults(comment)


def comments(document: Document) -> Iterator[Comment]:
    """Yield the comments of a document that switch rules off, each with the lines that it is for.

    One that stands above a feature, a rule, a scenario, a background or examples is for all of that; one that stands
    above any other line, such as a step, is for that line.
    """
    lines = document.text.split("\n")
    for comment in document.tree["comments"]:
        if (found := _COMMENT.match(comment["text"])) is not None:
            line: int = comment["location"]["line"]
            below = next((n for n in range(line, len(lines)) if not _is_passed_over(lines[n])), len(lines)) + 1
            yield Comment(line, document.extent(below), found[1])


def _is_passed_over(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _faults(comment: Comment) -> Iterator[Fault]:
    # It concerns what it is for.
    line = comment.lines.start
    if (names := comment.names) is None:
        sentence = f"the comment in line {comment.line} is not understood: write `# accord: ignore[no-then]`."
        yield Fault(line, sentence, "unknown-rule")
        return
    for name in names:
        if problem := _problem(name):
            yield Fault(line, f"the comment in line {comment.line} names {problem}", "unknown-rule")


def _known(setting: str, names: Sequence[str]) -> Sequence[str]:
    for name in names:
        if problem := _problem(name):
            raise pytest.UsageError(f"{setting} names {problem}")
    return names


def _problem(name: str) -> str | None:
    if name in RULES or name in OF_CHECK:
        return None
    if name in NOT_READABLE:
        return f"`{name}`, which cannot be ignored: correct the file instead."
    near = next(iter(get_close_matches(name.lower().replace("_", "-"), [*RULES, *OF_CHECK], 1, cutoff=0.5)), None)
    return f"`{name}`, which is not a rule: {f'did you mean {near}? ' if near else ''}{_LISTING}."


def _names(words: Iterable[str]) -> list[str]:
    return [name for word in words for name in word.replace(",", " ").split()]


def _matches(uri: str, pattern: str) -> bool:
    """Return whether a file is meant: by its path below the root, its name, or a folder that it is in."""
    path = PurePosixPath(uri)
    pattern = pattern.replace("\\", "/").removeprefix("./").rstrip("/")
    return any(fnmatchcase(str(it), pattern) for it in (path, path.name, *path.parents))


SWITCHES = pytest.StashKey[Switches]()
