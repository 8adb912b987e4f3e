"""What an editor finds of the step definitions of a suite, since it reads their source and runs nothing of it.

VS Code is as cucumber/language-service 1.7 has it (https://github.com/cucumber/language-service, `pythonLanguage.ts`).
"""

import ast
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from accord.catalogue.sentences import Sentence
from accord.steps.gaps import escaped

_PARSERS = ("parse", "cfparse")
# What JavaScript's regular expressions do not have, or in another way.
_OF_PYTHON = re.compile(r"\(\?(?![:=!]|<[=!])|\\[AZ]|[*+?}]\+")
# With one of these a sentence is read as a regular expression; a slash parts two words of which either is meant.
_SIGNS = re.compile(r"[()*\\|/]")
_SIGNS_BESIDE_FIELDS = re.compile(r"[().*\\|/]")
_FIELD = re.compile(r"\{([^{}]+)\}")
_NO_NAME = re.compile(r"[][()$.|?*+/\\]")


def parameter_types(sentences: Iterable[Sentence]) -> dict[str, str]:
    """Return what each field takes, by what stands in its braces, as a regular expression of JavaScript's."""
    found: dict[str, dict[str, None]] = {}
    for sentence in sentences:
        for field, expression in sentence.expressions.items():
            phrases = sentence.choices.get(field.partition(":")[0])
            taken = map(escaped, phrases) if phrases else [".+" if _OF_PYTHON.search(expression) else expression]
            if not _NO_NAME.search(field):
                found.setdefault(field, {}).update(dict.fromkeys(taken))
    return {field: "|".join(found[field]) for field in sorted(found)}


def not_found(sentences: Iterable[Sentence], root: Path) -> Iterator[tuple[Sentence, str]]:
    """Yield the sentences of which VS Code does not find the step definition, with the reason."""
    literals: dict[str, set[str]] = {}
    for sentence in sentences:
        file = sentence.place.rpartition(":")[0]
        if file not in literals:
            literals[file] = set(_literals(root / file))
        if sentence.is_regex:
            yield sentence, "it is a regular expression"
        elif sentence.pattern not in literals[file]:
            yield sentence, 'it is not one literal in the decorator, as in `@given(parsers.parse("..."))`'
        elif sign := _sign(sentence):
            yield sentence, f"`{sign}` stands for something else there"


def folders_of(paths: Iterable[Path], directory: Path) -> list[Path]:
    """Return the folders that have all of these, relative to a directory: of each folder in it the innermost."""
    tops: dict[str, list[Path]] = {}
    for path in (Path(os.path.normpath(it)) for it in paths):
        if path.is_relative_to(directory):
            relative = path.relative_to(directory)
            tops.setdefault(relative.parts[0] if relative.parts else "", []).append(relative)
    return [Path(os.path.commonpath(tops[top])) for top in sorted(tops)]


def _literals(file: Path) -> Iterator[str]:
    """Yield the sentences in the decorators of a module, each of which stands there as one literal on one line."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):  # It may be in an archive, or written by a program.
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                match decorator:
                    case ast.Call(args=[ast.Call(func=function, args=[literal, *_]), *_]) if (
                        _name(function) in _PARSERS
                    ):
                        pass
                    case ast.Call(args=[literal, *_]):
                        pass
                    case _:
                        continue
                if (
                    isinstance(literal, ast.Constant)
                    and isinstance(literal.value, str)
                    and literal.lineno == literal.end_lineno
                ):
                    yield literal.value


def _name(function: ast.expr) -> str:
    return ast.unparse(function).rpartition(".")[2]


def _sign(sentence: Sentence) -> str:
    fields = _FIELD.findall(sentence.pattern)
    text = _FIELD.sub("", sentence.pattern)
    signs = _SIGNS_BESIDE_FIELDS if fields else _SIGNS
    found = signs.search(text) or next(filter(None, map(_NO_NAME.search, fields)), None)
    return found[0] if found else ""
