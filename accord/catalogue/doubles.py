"""Definitions that say nearly the same: who writes a feature takes one for the other, or does not find the first."""

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

from accord.basics.text import distance
from accord.catalogue.sentences import Sentence

_WORD = re.compile(r"…|[^\W_]+(?:['\u2019-][^\W_]+)*")
# Of these one may stand for another, or for none, and the sentence says the same.
_SMALL = (
    {"a", "an", "the", "this", "that", "my"},
    {"in", "on", "at"},
    {"is", "are"},
    {"was", "were"},
    {"has", "have"},
)
_ARTICLES = _SMALL[0] | {"also", "then", "now", "there"}
_SHORTEST = 4


class Double(NamedTuple):
    """Two sentences, and by what alone they differ."""

    one: Sentence
    other: Sentence
    difference: str


def doubles(sentences: Iterable[Sentence]) -> Iterator[Double]:
    """Yield each two sentences of one kind that differ by a sign, a small word or a letter, and have gaps of one kind.

    Two that one function has are meant to be two. It takes time in proportion to how many sentences there are.
    """
    found: dict[tuple[int, int], Double] = {}
    known = list(sentences)
    words = [[word.casefold() for word in _WORD.findall(it.pattern_in_words)] for it in known]
    # Those that are the same but for a word have a key in common: their words without that one.
    by_key: dict[tuple[str, ...], dict[int, None]] = {}
    for number, said in enumerate(words):
        for left_out in range(-1, len(said)):
            key = tuple(said[:left_out] + said[left_out + 1 :]) if left_out >= 0 else tuple(said)
            by_key.setdefault(key, {})[number] = None
    for alike in by_key.values():
        for pair in combinations(sorted(alike), 2):
            one, other = (known[number] for number in pair)
            if pair not in found and _may_be_one(one, other):
                difference = _difference(words[pair[0]], words[pair[1]])
                if difference is not None:
                    found[pair] = Double(one, other, difference)
    yield from (found[pair] for pair in sorted(found))


def _may_be_one(one: Sentence, other: Sentence) -> bool:
    kinds = {one.kind, other.kind} - {""}
    # Of two with one pattern the nearer one overrides the other, or a step is ambiguous.
    are_two = one.place != other.place and one.pattern != other.pattern
    return len(kinds) <= 1 and are_two and one.gap_kinds == other.gap_kinds


def _difference(one: list[str], other: list[str]) -> str | None:
    """Return what alone makes two lists of words differ."""
    if one == other:
        return "signs or capitals"
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) == len(other):
        a, b = one[start], other[start]
        is_rest_alike = one[start + 1 :] == other[start + 1 :]
        return f"`{a}` and `{b}`" if is_rest_alike and _are_alike(a, b) else None
    longer, shorter = sorted((one, other), key=len, reverse=True)
    is_one_more = len(longer) == len(shorter) + 1 and longer[start + 1 :] == shorter[start:]
    return f"the word `{longer[start]}`" if is_one_more and longer[start] in _ARTICLES else None


def _are_alike(one: str, other: str) -> bool:
    if any(one in words and other in words for words in _SMALL):
        return True
    if min(len(one), len(other)) < _SHORTEST or one[0] != other[0]:
        return False
    return distance(one, other) == 1
