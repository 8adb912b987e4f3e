"""The sentence of a step definition, taken to pieces: what stands in it as it is, and what varies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from accord.compat.pytest_bdd import StepParser, expression_of, kinds_of, language_of, rewritten, source_of

# As `parse` has them, and Cucumber's expressions.
_FIELD = re.compile(r"\{\{|\}\}|\{([\w-]*(?:\.[\w-]+|\[[^]]+\])*)(?::([^}]+))?\}")
_GROUP = re.compile(r"\\.|\(\?P<(\w+)>|[()]|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_SYNTAX = re.compile(r"\\[AbBdDsSwWZ][+*?]?|\[(?:\\.|[^\]\\])*\][+*?]?|\(\?:|\(\?[a-zA-Z]+\)|[\^$()?*+|]")
_WORD = re.compile(r"[^\W\d_](?:[\w'\u2019-]*\w)?")
_ANYTHING = "accord_anything"


class Field(NamedTuple):
    """What varies in it."""

    source: str
    """As it stands there: `{count:d}`, `(?P<count>\\d+)`."""
    name: str
    kind: str
    """`d`, or a kind of the project's own, or the expression in the group; nothing where it takes anything."""


@dataclass(frozen=True)
class Pattern:
    """The sentence of a definition."""

    parser: StepParser
    pieces: tuple[str | Field, ...]
    """Texts as they stand in the source, and fields."""

    @cached_property
    def fields(self) -> list[Field]:
        """What varies."""
        return [it for it in self.pieces if isinstance(it, Field)]

    @cached_property
    def text(self) -> str:
        """All that does not vary, without what the parser takes for something else."""
        texts = [it for it in self.pieces if isinstance(it, str)]
        if language_of(self.parser) == "re":
            texts = [re.sub(r"\\(.)", r"\1", _SYNTAX.sub(" ", it)) for it in texts]
        return " ".join(" ".join(texts).split())

    @cached_property
    def words(self) -> list[str]:
        """The words that do not vary."""
        return words_of(self.text)

    @cached_property
    def word_set(self) -> frozenset[str]:
        """These, whatever their capitals."""
        return frozenset(word.casefold() for word in self.words)

    def taking_anything_for(self, field: Field) -> tuple[StepParser, str] | None:
        """Return a parser that takes anything for a field, and the name by which that is found."""
        is_expression = language_of(self.parser) == "re"
        free = f"(?P<{_ANYTHING}>.+?)" if is_expression else f"{{{_ANYTHING}}}"
        parser = rewritten(self.parser, "".join(_source(free if it is field else it) for it in self.pieces))
        return None if parser is None else (parser, _ANYTHING)

    def without_quotes(self) -> StepParser | None:
        """Return a parser of the same sentence without the quotes in it."""
        bare = [re.sub("[\"']", "", it) if isinstance(it, str) else it for it in self.pieces]
        return rewritten(self.parser, "".join(map(_source, bare)))

    def examples(self) -> Iterator[str]:
        """Yield sentences like those that it is for."""
        for value in ("x", '"x"', "1"):
            quoted = [it if isinstance(it, str) else _example(it, value, self.parser) for it in self.pieces]
            yield " ".join("".join(quoted).split())


def _source(piece: str | Field) -> str:
    return piece if isinstance(piece, str) else piece.source


def _example(field: Field, value: str, parser: StepParser) -> str:
    expression = str(getattr(kinds_of(parser).get(field.kind), "pattern", ""))
    first, *_ = list_in(expression) or [value]
    return first


def pattern_of(parser: StepParser) -> Pattern:
    """Return the sentence of a parser."""
    # By identity, since a class of the project's own may have no hash.
    if id(parser) not in _known:
        _known[id(parser)] = _read(parser)
    return _known[id(parser)]


def _read(parser: StepParser) -> Pattern:
    language, source = language_of(parser), source_of(parser)
    if not language:
        return Pattern(parser, (source,))
    return Pattern(parser, tuple(_of_expression(source) if language == "re" else _of_format(source)))


# Each has its parser, so that nothing else gets its identity.
_known: dict[int, Pattern] = {}


def _of_format(source: str) -> Iterator[str | Field]:
    end = 0
    for found in _FIELD.finditer(source):
        if found[0] not in ("{{", "}}"):
            yield source[end : found.start()]
            yield Field(found[0], found[1], found[2] or "")
            end = found.end()
    yield source[end:]


def _of_expression(source: str) -> Iterator[str | Field]:
    """Yield the pieces of a regular expression, whose outermost named groups are fields."""
    end, depth, name, start, begun = 0, 0, "", 0, 0
    for found in _GROUP.finditer(source):
        if found[0] == ")":
            depth -= 1
            if name and depth == begun:
                yield source[end:start]
                end = found.end()
                group = source[start:end]
                yield Field(group, name, group[len(f"(?P<{name}>") : -1])
                name = ""
        elif found[0].startswith("("):
            if found[1] and not name:
                name, start, begun = found[1], found.start(), depth
            depth += 1
    yield source[end:]


def choices_of(parser: StepParser) -> dict[str, list[str]]:
    """Return the phrases of each field that takes one of several, by its name."""
    kinds, is_expression = kinds_of(parser), language_of(parser) == "re"
    found = {}
    for field in pattern_of(parser).fields:
        expression = field.kind if is_expression else str(getattr(kinds.get(field.kind), "pattern", ""))
        if phrases := list_in(expression):
            found[field.name] = list(phrases)
    return found


def expressions_of(parser: StepParser) -> dict[str, str]:
    """Return the expression of what each field takes, by what stands in its braces: `count:d`."""
    compiled = {it.name: it.kind for it in _of_expression(expression_of(parser)) if isinstance(it, Field)}
    fields = [it for it in _of_format(str(parser.name)) if isinstance(it, Field)] if compiled else []
    return {it.source[1:-1]: compiled[it.name] for it in fields if it.name in compiled}


def words_of(text: str) -> list[str]:
    """Return the words of a text."""
    return _WORD.findall(text)


def list_in(expression: str) -> list[str]:
    """Return the phrases that a regular expression lists, as in `open|in progress`; nothing where it is another."""
    while (found := re.fullmatch(r"\((?:\?:)?([^()]*)\)", expression)) is not None:
        expression = found[1]
    phrases = re.split(r"(?<!\\)\|", expression)
    if not expression or any(re.search(r"(?<!\\)[.^$*+?{}\[\]()]|\\[A-Za-z0-9]", it) for it in phrases):
        return []
    return [re.sub(r"\\(.)", r"\1", it) for it in phrases]
