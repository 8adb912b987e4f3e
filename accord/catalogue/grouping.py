"""The order of sentences in a list: by folder of features, and by Given, When and Then."""

import re
from collections.abc import Iterable
from itertools import groupby

from accord.catalogue.sentences import KINDS, Sentence


def order(sentence: Sentence) -> tuple[int, str, str]:
    """Return a key to sort sentences by: Given, When, Then, and then as in a dictionary."""
    kind = sentence.heading.lower()
    number = KINDS.index(kind) if kind in KINDS else len(KINDS)
    return number, re.sub(r"\W+", " ", sentence.words).casefold().strip(), sentence.place


def grouped(sentences: Iterable[Sentence]) -> list[tuple[str, dict[str, list[Sentence]]]]:
    """Return sentences by the folder where each is used most, and by Given, When and Then.

    Those that are never used stand last, by the module that they are defined in.
    """
    by_folder: dict[tuple[bool, str], list[Sentence]] = {}
    for sentence in sentences:
        folder = min(sentence.folders, key=lambda it: (-sentence.folders[it], it), default=None)
        # Other Cucumbers name a method, without a line.
        module = sentence.place.rpartition(":")[0] or sentence.place
        key = (True, module) if folder is None else (False, folder)
        by_folder.setdefault(key, []).append(sentence)
    return [
        (f"Never used, in {name}" if is_unused else name, _by_heading(found))
        for (is_unused, name), found in sorted(by_folder.items())
    ]


def _by_heading(sentences: list[Sentence]) -> dict[str, list[Sentence]]:
    return {heading: list(found) for heading, found in groupby(sentences, key=lambda it: it.heading)}
