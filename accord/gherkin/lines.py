"""Lines of feature files on the command line: `features/tasks.feature:12` runs what stands there, as in Cucumber."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from accord.gherkin.document import Document, Node

_WITH_LINES = re.compile(r"(.+\.feature)((?::\d+)+)")
# In the options, which pytest-xdist hands to its workers.
_LINES = "accord_lines"


def take_lines(config: pytest.Config, arguments: list[str]) -> None:
    """Put the files alone in the place of arguments with lines, which pytest takes for names of files, and note those.

    A file that another argument names as a whole, be it by its directory, is run as a whole.
    """
    directory, named = config.invocation_params.dir, config.known_args_namespace.file_or_dir
    lines: dict[str, list[int]] = {}
    for argument in named:
        found = _WITH_LINES.fullmatch(argument)
        if found and os.path.isfile(file := directory / found[1]) and not os.path.exists(directory / argument):
            numbers = [int(number) for number in found[2].split(":")[1:]]
            # pytest collects a file that is named twice only once.
            put = [] if str(file) in lines else [found[1]]
            lines.setdefault(str(file), []).extend(numbers)
            for where in (arguments, named):
                index = where.index(argument)
                where[index : index + 1] = put
    if lines:
        whole = [Path(directory, it.partition("::")[0]) for it in named if str(directory / it) not in lines]
        partly = {file: it for file, it in lines.items() if not any(Path(file).is_relative_to(it) for it in whole)}
        setattr(config.option, _LINES, partly)


def lines_of(config: pytest.Config, file: Path) -> list[int]:
    """Return the lines of a feature file that are to be run; none where the whole file is."""
    lines: dict[str, list[int]] = getattr(config.option, _LINES, {})
    return lines.get(str(file), [])


def chosen(document: Document, lines: Iterable[int]) -> set[int]:
    """Return the lines of the scenarios, or rows of examples, that stand in these lines, or below what stands there.

    Raises CollectError for a line that the file does not have.
    """
    last = len(document.text.splitlines())
    if (beyond := next((line for line in lines if not 0 < line <= last), None)) is not None:
        raise pytest.Collector.CollectError(f"{document.uri}:{beyond}: the file has {last} lines: name one of them.")
    return {item for line in lines for scenario in document.concerned(line) for item in _at(scenario, line)}


def _at(scenario: Node, line: int) -> list[int]:
    """Return the lines of a scenario's items that a line is about: one row, those of a table, or all."""
    tables = scenario["examples"]
    above = [table for table in tables if line >= _start(scenario) and _start(table) <= line]
    rows = [row["location"]["line"] for table in above[-1:] or tables for row in table.get("tableBody", ())]
    if above and (before := [row for row in rows if row <= line]):
        return before[-1:]
    return rows or [scenario["location"]["line"]]


def _start(node: Node) -> int:
    first: int = min(it["location"]["line"] for it in (node, *node["tags"]))
    return first
