"""What the command line names and is not there, and what was meant by it: a feature, a scenario, a word, a tag."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

import pytest

from accord.basics.source import relative
from accord.basics.text import nearest
from accord.compat.pytest_bdd import GherkinParseError
from accord.errors import EmptyFeatureError
from accord.gherkin.document import read
from accord.gherkin.names import node_ids
from accord.gherkin.passed_over import SUFFIX
from accord.running import scenario_of

_LINES = re.compile(r"(?::\d+)+$")
_LIKE = 0.7
_MOST_NAMED = 3
_MOST_FOLDERS = 2000
_WORD = re.compile(r"[^\W\d_]\w*")
# As pytest reads expressions: words, each with what stands before it. What is in brackets after one is about its mark.
_OPERAND = re.compile(r"(not\s+)?((?::?\w|:|\+|-|\.|\[|\]|\\|/)+)(\s*\([^)]*\))?")


def not_found(config: pytest.Config) -> Iterator[tuple[str, str]]:
    """Yield what pytest finds nothing for, of what names a file, or a scenario of one, and what to say of it.

    What to say is nothing where nothing that is there is like it.
    """
    # Those are names of modules.
    for argument in [] if config.option.pyargs else config.args:
        name, _, scenario = argument.partition("::")
        file = Path(config.invocation_params.dir, name)
        if not os.path.exists(file):
            yield argument, _of_path(name, config)
        elif scenario and file.suffix == SUFFIX:
            ids = _ids(file, config.rootpath)
            if ids and not any(it == scenario or it.startswith((f"{scenario}::", f"{scenario}[")) for it in ids):
                yield argument, _of_scenario(name, scenario, ids)


def of_expressions(config: pytest.Config, items: Iterable[pytest.Item]) -> Iterator[str]:
    """Yield what to say of the words of `-k` and `-m` that no test has, where one like it is there."""
    items = list(items)
    for word in _operands(config.option.keyword):
        if not any(word.casefold() in it for item in items for it in _names(item)):
            there = {it.casefold(): it for item in items for name in _names(item) for it in _WORD.findall(name)}
            if meant := nearest(word, there):
                yield f"-k {word}: no test has that in its name: did you mean `{there[meant]}`?"
    tags = {mark.name for item in items for mark in item.iter_markers()} if config.option.markexpr else set()
    known = tags | {line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers")}
    for word in _operands(config.option.markexpr):
        if word not in known and (meant := nearest(word, sorted(known))):
            yield f"-m {word}: no test is tagged so: did you mean `{meant}`?"


def of_name(config: pytest.Config, items: Iterable[pytest.Item]) -> Iterator[str]:
    """Yield what to say of a `-k` that is the name of a scenario, which has spaces, and so is no expression."""
    text = config.option.keyword.strip()
    named = {item.nodeid.partition("[")[0]: item for item in items if scenario_of(item) is not None}
    names = {nodeid.rpartition("::")[2]: nodeid for nodeid in named}
    for name in _like(text, names)[:1] if " " in text else ():
        yield f'To run a scenario by its name, write: pytest "{names[name]}"'


def _operands(expression: str) -> list[str]:
    found = [it for it in _OPERAND.finditer(expression or "") if not it[1] and it[2] not in ("and", "or", "not")]
    return list(dict.fromkeys(it[2] for it in found))


def _names(item: pytest.Item) -> Iterator[str]:
    yield item.nodeid.casefold()
    yield from (name.casefold() for name in item.keywords)


def _of_path(name: str, config: pytest.Config) -> str:
    lines = _LINES.search(name)
    bare = _LINES.sub("", name)
    found = list(dict.fromkeys(_near_paths(Path(config.invocation_params.dir), Path(bare).parts)))
    if not found and bare.endswith(SUFFIX):
        found = list(_elsewhere(Path(bare).name, config))
    named = " or ".join(f"{it}{lines[0] if lines else ''}" for it in found[:_MOST_NAMED])
    return f"{name} is not there: did you mean {named}?" if named else ""


def _near_paths(folder: Path, parts: tuple[str, ...], before: str = "") -> Iterator[str]:
    """Yield the paths that are there and are like one of these parts below a folder."""
    if not parts:
        yield before
        return
    first, *rest = parts
    names = [first] if os.path.exists(folder / first) else []
    if not names:
        with suppress(OSError):
            ending = Path(first).suffix
            there = [it for it in sorted(os.listdir(folder)) if not ending or Path(it).suffix.lower() == ending.lower()]
            folded = {it.casefold(): it for it in there}
            # The name may lack its ending.
            near = [f"{first}{SUFFIX}".casefold(), *get_close_matches(first.casefold(), folded, 3, _LIKE)]
            names = [folded[it] for it in dict.fromkeys(near) if it in folded]
    for name in names:
        yield from _near_paths(folder / name, tuple(rest), f"{before}/{name}" if before else name)


def _elsewhere(name: str, config: pytest.Config) -> Iterator[str]:
    for folder, folders, files in islice(os.walk(config.rootpath), _MOST_FOLDERS):
        folders[:] = sorted(it for it in folders if not it.startswith((".", "__")) and it != "node_modules")
        if name in files:
            path = Path(folder, name)
            start = config.invocation_params.dir
            yield path.relative_to(start).as_posix() if path.is_relative_to(start) else str(path)


def _ids(file: Path, rootpath: Path) -> list[str]:
    """Return the names of a feature file's scenarios, each below its rule's."""
    try:
        uri = relative(file, rootpath)
        found = node_ids(uri, read(file, uri).tree["feature"])
        return [nodeid.removeprefix(f"{uri}::") for _node, nodeid in found]
    except (GherkinParseError, EmptyFeatureError, OSError, UnicodeDecodeError):
        return []


def _of_scenario(file: str, scenario: str, ids: Iterable[str]) -> str:
    names = list(dict.fromkeys(nodeid.partition("[")[0] for nodeid in ids))
    by_name = {name.rpartition("::")[2]: name for name in names}
    bare = scenario.partition("[")[0]
    found = [*_like(bare, names), *(by_name[it] for it in _like(bare.rpartition("::")[2], by_name))]
    named = " or ".join(f'"{file}::{name}"' for name in list(dict.fromkeys(found))[:_MOST_NAMED])
    return f'{file} has no "{scenario}": did you mean {named}?' if named else ""


def _like(text: str, names: Iterable[str]) -> list[str]:
    """Return the names that a text is a part of, or else those that are like it."""
    folded = {name.casefold(): name for name in names}
    found = [it for it in folded if text.casefold() in it]
    return [folded[it] for it in found or get_close_matches(text.casefold(), folded, _MOST_NAMED, _LIKE)]
