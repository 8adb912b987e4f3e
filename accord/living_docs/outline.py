"""The outline of the document: its chapters, and the address of each thing in it."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import PurePosixPath

from accord.living_docs.model import Chapter, Document, Feature


def chapters(features: list[Feature]) -> list[Chapter]:
    """The features by folder, leaving out what the folders have in common."""
    folders = {feature.uri: PurePosixPath(feature.uri.replace("\\", "/")).parent.parts for feature in features}
    shared = _shared(list(folders.values()))
    found: dict[str, Chapter] = {}
    for feature in sorted(features, key=lambda feature: (folders[feature.uri], feature.uri)):
        parts = folders[feature.uri][shared:]
        feature.chapter = " / ".join(part.replace("_", " ").replace("-", " ").capitalize() for part in parts)
        found.setdefault(feature.chapter, Chapter(feature.chapter or "Features", [])).features.append(feature)
    return list(found.values())


def _shared(folders: list[tuple[str, ...]]) -> int:
    # `zip` ends with the shortest, so that no more is taken off than each folder has.
    alike = (len(set(parts)) == 1 for parts in zip(*folders, strict=False))
    shared = next((number for number, same in enumerate(chain(alike, [False])) if not same))
    # One folder alone keeps its name, unless it is the one where all features are.
    return min(shared, 1) if len(set(folders)) == 1 else shared


# The ids that the page has itself.
_FINDINGS = ("broken", "changed", "flaky", "run", "unmade", "unread", "unrun")
_TITLED = (*_FINDINGS, "chapters", "colophon", "contents", "index")
_FIELDS = ("data", "find", "found", "results", "tags", "tools")
_PARTS = (*_FIELDS, "operations", "promises", "requirements", "sentences", "slowest")
_IDS = (*_PARTS, *_TITLED, *(f"{part}-title" for part in _TITLED))


def give_slugs(document: Document) -> None:
    """Give each thing a slug made of its names, so that its address is the same from run to run."""
    taken = dict.fromkeys(_IDS, 1)
    for chapter in document.chapters:
        chapter.slug = _free("chapter " + chapter.title, taken)
        for feature in chapter.features:
            feature.slug = _free(feature.name, taken)
            for rule in feature.rules:
                rule.slug = _free(rule.name, taken, feature.slug)
            for scenario in feature.all_scenarios():
                scenario.slug = _free(scenario.name, taken, feature.slug)
                for pickle in scenario.pickles:
                    row = None if pickle.cells is None else " ".join(pickle.cells)
                    pickle.slug = scenario.slug if row is None else _free(row, taken, scenario.slug)


def addresses(document: Document) -> Iterator[str]:
    """The slugs of all that is in it."""
    for chapter in document.chapters:
        yield chapter.slug
        for feature in chapter.features:
            yield feature.slug
            yield from (rule.slug for rule in feature.rules)
            yield from (scenario.slug for scenario in feature.all_scenarios())
            yield from (pickle.slug for pickle in feature.pickles())


def _free(name: str, taken: dict[str, int], parent: str = "") -> str:
    """Return a slug that is not taken; `taken` has each with the number that was last given to one of its name."""
    # Letters of any language stay, since browsers show them in an address; 80 characters tell names apart.
    slug = "-".join(re.findall(r"\w+", name.lower()))[:80] or "unnamed"
    free = slug = f"{parent}.{slug}" if parent else slug
    # The number goes on from the last one: ten thousand scenarios of one name would be compared pair by pair.
    while free in taken:
        taken[slug] += 1
        free = f"{slug}-{taken[slug]}"
    taken[free] = 1
    return free
