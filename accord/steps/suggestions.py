"""The definitions to begin with for all sentences that have none: one for those that differ only in what varies."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from accord.compat.pytest_bdd import StepDefinition
from accord.steps.gaps import Part, escaped, expression_of, merged, parts_of
from accord.steps.near import distinct
from accord.steps.patterns import pattern_of
from accord.steps.snippets import NewSentence, code_of
from accord.steps.style import Style, style_of

_LAST = "\U0010ffff"


@dataclass
class Undefined:
    """A sentence without a definition; of builtin types, since it travels from a worker of pytest-xdist."""

    kind: str
    """`given`, `when`, `then`, `step` for any."""
    step: str
    """The step, as messages name it."""
    sentence: str
    written: str
    """The sentence as it stands in the file, with the placeholders of an outline."""
    columns: dict[str, list[str]]
    """What the examples of the outline have for these."""
    difference: str
    """By what alone it differs from a definition; nothing where there is no such one."""
    is_mistake: bool
    """Whether it is hardly a sentence that is still to be defined."""
    style: dict[str, Any]
    """How the definitions are written that its scenario can use."""
    others: list[str] = field(default_factory=list)
    """Sentences like those of other definitions, which one for this might match as well."""
    tables: list[bool] = field(default_factory=list)
    """Whether there is a table under it, in the steps where it stands."""
    texts: list[bool] = field(default_factory=list)
    steps: list[tuple[str, int, str]] = field(default_factory=list)
    """These steps: file, line and test."""
    is_expected: bool = True
    """Whether all of these tests are expected to fail."""


@dataclass
class DefinitionsThere:
    """The definitions that the scenarios of one place can use."""

    definitions: list[StepDefinition]
    style: Style
    examples: list[tuple[str, list[str]]]
    """With what the sentences of each begin, and sentences like those."""

    @classmethod
    def of(cls, definitions: Iterable[StepDefinition]) -> "DefinitionsThere":
        """Return those of a place, each once."""
        own = distinct(definitions)
        patterns = [pattern_of(it.parser) for it in own]
        starts = [it.pieces[0].casefold() if isinstance(it.pieces[0], str) else "" for it in patterns]
        return cls(own, style_of(own), list(zip(starts, (list(it.examples()) for it in patterns), strict=True)))

    def like(self, written: str, columns: dict[str, list[str]]) -> list[str]:
        """Return sentences like theirs that a definition of one, with anything in its gaps, would match as well."""
        parts = parts_of(written, columns)
        if all(isinstance(part, str) for part in parts):
            return []
        loosest = re.compile("".join(escaped(it) if isinstance(it, str) else ".+" for it in parts), re.IGNORECASE)
        start = _start(parts)
        near = (it for first, it in self.examples if first.startswith(start) or start.startswith(first))
        return [example for examples in near for example in filter(loosest.fullmatch, examples)]


def groups(found: Iterable[Undefined], *, by_difference: bool = True) -> Iterator[list[Undefined]]:
    """Yield what one definition is for, in the order in which it stands; what differs from one by itself."""
    grouped: dict[tuple[object, ...], list[Undefined]] = {}
    for it in sorted(found, key=lambda it: min(it.steps)):
        shape = tuple(part if isinstance(part, str) else part.shape for part in _parts(it))
        key = (it.kind, it.sentence, it.difference) if by_difference and it.difference else shape
        grouped.setdefault(key, []).append(it)
    yield from grouped.values()


def code_for(found: Iterable[Undefined], fixtures: Collection[str], *, is_own_file: bool) -> str:
    """Return the definitions of all of them but for mistakes, as code; nothing where there are none."""
    new = list(groups((it for it in found if not it.is_mistake), by_difference=False))
    sentences = [_new_sentence(group) for group in new]
    for sentence in sentences if is_own_file else ():
        # What a conftest has for itself cannot be imported from it.
        sentence.style = sentence.style if sentence.style.imports else Style()
    left = _without_covered(sentences, [[it.sentence for it in group] for group in new])
    return code_of(left, fixtures) if left else ""


def snippet(found: Iterable[Undefined], kind: str, sentence: str) -> str:
    """Return a definition to begin with for one sentence, by what is known of it."""
    known = next(([it] for it in found if (it.kind, it.sentence) == (kind, sentence)), None)
    return code_of([_new_sentence(known) if known else NewSentence(parts_of(sentence, {}), {kind})])


def _new_sentence(group: Sequence[Undefined]) -> NewSentence:
    parts = [merged(same) for same in zip(*map(_parts, group), strict=True)]
    return NewSentence(
        parts,
        {it.kind for it in group},
        Style(**group[0].style),
        list(dict.fromkeys(other for it in group for other in it.others)),
        tables={there for it in group for there in it.tables},
        texts={there for it in group for there in it.texts},
    )


def _parts(undefined: Undefined) -> list[Part]:
    return parts_of(undefined.written, undefined.columns)


def _start(parts: Sequence[Part]) -> str:
    return parts[0].casefold() if isinstance(parts[0], str) else ""


def _without_covered(sentences: Sequence[NewSentence], examples: Sequence[Sequence[str]]) -> list[NewSentence]:
    """Return those that no other one stands for, as one with a word that varies may; each knows the others like it."""
    by_start = sorted((it.casefold(), it, number) for number, own in enumerate(examples) for it in own)
    covered: set[int] = set()
    for number, sentence in enumerate(sentences):
        if number in covered or all(isinstance(part, str) for part in sentence.parts):
            continue
        start = _start(sentence.parts)
        last = bisect_left(by_start, (start + _LAST,))
        like = [(it, of) for _, it, of in by_start[bisect_left(by_start, (start,)) : last] if of != number]
        sentence.others += [it for it, _of in like]
        expression = expression_of(sentence.parts)
        for other in sorted({of for it, of in like if expression.fullmatch(it)} - covered):
            if all(map(expression.fullmatch, examples[other])):
                covered.add(other)
                sentence.kinds |= sentences[other].kinds
    return [sentence for number, sentence in enumerate(sentences) if number not in covered]
