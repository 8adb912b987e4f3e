"""What an editor finds of the step definitions of a suite, since it reads their source and runs nothing of it.

VS Code is as cucumber/language-service 1.7 has it (https://github.com/cucumber/language-service, `pythonLanguage.ts`).
"""

import ast
import io
import os
import re
import tokenize
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from accord.catalogue.sentences import Sentence
from accord.steps.gaps import escaped

_PARSERS = ("parse", "cfparse")
# What JavaScript's regular expressions do not have, or in another way.
_OF_PYTHON = re.compile(r"\(\?(?![:=!]|<[=!])|\\[AZ]|[*+?}]\+")
# With one of these a sentence is read as a regular expression; a slash parts two words of which either is meant.
_SIGNS = re.compile(r"[()*\\|/]")
_SIGNS_BESIDE_FIELDS = re.compile(r"[().*\\|/]")
# Without a prefix, an escape, a second literal behind it, or three quotes.
_LITERAL = re.compile(r"""u?("[^"\\\n]*"|'[^'\\\n]*')""")
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
    literals: dict[str, dict[str, bool]] = {}
    for sentence in sentences:
        file = sentence.place.rpartition(":")[0]
        if file not in literals:
            literals[file] = dict(_literals(root / file))
        if sentence.is_regex:
            yield sentence, "it is a regular expression"
        elif sentence.pattern not in literals[file]:
            yield sentence, 'it is not one plain literal in the decorator, as in `@given(parsers.parse("..."))`'
        elif literals[file][sentence.pattern]:
            yield sentence, "the comment beside it has VS Code find no step at all: put a comma between the two"
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


def _literals(file: Path) -> Iterator[tuple[str, bool]]:
    """Yield the sentences that stand in the decorators of a module as plain literals.

    With each is said whether a comment stands beside it.
    """
    try:
        with tokenize.open(file) as opened:
            source = opened.read()
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):  # It may be in an archive, or written by a program.
        return
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            match decorator:
                case ast.Call(args=[ast.Call(func=function, args=[literal, *_]) as call, *_]) if (
                    _name(function) in _PARSERS
                ):
                    has_comment = _has_comment(ast.get_source_segment(source, call) or "")
                case ast.Call(args=[literal, *_]):
                    has_comment = False
                case _:
                    continue
            if (sentence := _sentence(literal, source)) is not None:
                yield sentence, has_comment


def _sentence(literal: ast.expr, source: str) -> str | None:
    """Return a literal as VS Code reads it: what stands between its quotes; None where that is something else."""
    match literal:
        case ast.Constant(value=str(text)):
            return text if _LITERAL.fullmatch(ast.get_source_segment(source, literal) or "") else None
        case ast.BinOp(op=ast.Add()):
            one, other = _sentence(literal.left, source), _sentence(literal.right, source)
            return None if one is None or other is None else one + other
    return None


def _has_comment(code: str) -> bool:
    """Whether a comment follows a text, or a text a comment, without a comma between."""
    tokens = [it for it in tokenize.generate_tokens(io.StringIO(code).readline) if it.type != tokenize.NL]
    return any({one.type, other.type} == {tokenize.STRING, tokenize.COMMENT} for one, other in pairwise(tokens))


def _name(function: ast.expr) -> str:
    return ast.unparse(function).rpartition(".")[2]


def _sign(sentence: Sentence) -> str:
    fields = _FIELD.findall(sentence.pattern)
    text = _FIELD.sub("", sentence.pattern)
    signs = _SIGNS_BESIDE_FIELDS if fields else _SIGNS
    found = signs.search(text) or next(filter(None, map(_NO_NAME.search, fields)), None)
    return found[0] if found else ""
