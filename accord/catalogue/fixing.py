"""Mends what is wrong in feature files where one answer alone is right, and leaves every other byte as it is."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from gherkin.errors import CompositeParserException
from gherkin.parser import Parser

from accord.basics.files import together
from accord.catalogue.collecting import Collected, collect
from accord.catalogue.finding import Finding

# What is misspelt may hide what else is: after so many rounds the rest is for people.
_MOST_ROUNDS = 20
# After so many errors Gherkin's parser reads no further.
_MOST_ERRORS = 10
_MARK = "\ufeff"
# As Python's universal newlines have them, by which the lines are counted.
_LINE = re.compile(r"(\r\n|\r|\n)")


class Mended(NamedTuple):
    """What was mended: a text in a line of a file, and what stands there now."""

    file: str
    line: int
    old: str
    new: str

    def __str__(self) -> str:
        """Return it as editors open it."""
        return f"{self.file}:{self.line}: `{self.old}` is now `{self.new}`."


def fix(paths: Sequence[str]) -> tuple[list[Mended], Collected]:
    """Mend the feature files of these paths, and return what was mended, and what is wrong with them then.

    A file that was Gherkin is so afterwards. Raises OSError where one cannot be written.
    """
    mended: list[Mended] = []
    for _round in range(_MOST_ROUNDS):
        collected = collect(paths)
        if not (found := list(_mend(Path(collected.root), collected.findings))):
            break
        mended += found
    else:
        collected = collect(paths)
    return mended, collected


def _mend(root: Path, findings: Iterable[Finding]) -> Iterator[Mended]:
    by_file = groupby((it for it in findings if it.fix is not None), key=lambda it: it.file)
    for file, found in by_file:
        path = root / file
        # Read as bytes: line ends, and a byte order mark, stay what they are.
        before = path.read_bytes().decode()
        after, mended = _mended(before, list(found))
        if mended and _is_better(_errors(after), _errors(before)):
            with together() as files:
                files.write(path, [after])
            yield from mended


def _mended(text: str, findings: Sequence[Finding]) -> tuple[str, list[Mended]]:
    mark, pieces = text[: text.startswith(_MARK)], _LINE.split(text.removeprefix(_MARK))
    mended = []
    for finding in findings:
        assert finding.fix is not None, "only what can be mended is here"
        (old, new), at = finding.fix, 2 * (finding.line - 1)
        # Not where it goes on as a longer word.
        pattern = re.compile(re.escape(old) + r"(?!\w)" * old[-1:].isalnum())
        if at < len(pieces) and (found := pattern.search(pieces[at])):
            pieces[at] = pieces[at][: found.start()] + new + pieces[at][found.end() :]
            mended.append(Mended(finding.file, finding.line, old, new))
    return mark + "".join(pieces), mended


def _is_better(after: list[int], before: list[int]) -> bool:
    """Return whether a text has become Gherkin, by the lines of what is not, or nearer to it."""
    if len(after) > _MOST_ERRORS and len(before) > _MOST_ERRORS:
        return after[0] > before[0]
    return not after or len(after) < len(before)


def _errors(text: str) -> list[int]:
    try:
        Parser().parse(text.removeprefix(_MARK))
    except CompositeParserException as error:
        return [it.location["line"] for it in error.errors]
    return []
