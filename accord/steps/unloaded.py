"""Step definitions of modules that are not loaded: they are read, not run, to say where a sentence is defined."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pytest_bdd import parsers

from accord.basics.source import location
from accord.basics.walking import files_below
from accord.compat.pytest_bdd import ANY_KIND, StepParser
from accord.steps.modules import NotLoaded

_KINDS = {"given", "when", "then", ANY_KIND}
_PARSERS: dict[str, Callable[[str], StepParser]] = {
    "string": parsers.string,
    "parse": parsers.parse,
    "cfparse": parsers.cfparse,
    "re": parsers.re,
}


class _Definition(NamedTuple):
    kind: str
    parser: StepParser
    file: str
    line: int


def unloaded(
    kind: str, sentence: str, rootpath: Path, loaded: frozenset[str], failed: Sequence[NotLoaded]
) -> str | None:
    """Say where a sentence is defined that no loaded module defines; None where it is nowhere.

    Of modules that failed to load, nobody knows all that they define.
    """
    reasons = {it.file: it.reason for it in failed}
    for it in _definitions(rootpath, loaded):
        if (it.kind in (kind, ANY_KIND) or kind == ANY_KIND) and it.parser.is_matching(sentence):
            reason = reasons.get(it.file, "name that in accord_steps, or import it")
            return f"it is defined in {location(it.file, it.line, rootpath)}, which is not loaded: {reason}"
    return next((f"it may be defined in {it.uri}, which is not loaded: {it.reason}" for it in failed), None)


@cache
def _definitions(rootpath: Path, loaded: frozenset[str]) -> list[_Definition]:
    return [found for file in files_below(rootpath, ".py") if str(file) not in loaded for found in _in(file)]


def _in(file: Path) -> Iterator[_Definition]:
    """Yield the definitions of a module whose sentences stand there as text."""
    try:
        source = file.read_bytes()
        tree = ast.parse(source) if b"pytest_bdd" in source else ast.Module([], [])
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and decorator.args and (kind := _name(decorator.func)) in _KINDS:
                parser = _parser(decorator.args[0])
                if parser is not None:
                    yield _Definition(kind, parser, str(file), node.lineno)


def _parser(node: ast.expr) -> StepParser | None:
    """Return the parser that a decorator has, if all of it stands there."""
    make = "string"
    if isinstance(node, ast.Call) and node.args:
        make, node = _name(node.func), node.args[0]
    if make not in _PARSERS or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    try:
        return _PARSERS[make](node.value)
    except (re.error, ValueError, KeyError):  # A pattern that is none, or has kinds of the project's.
        return None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
