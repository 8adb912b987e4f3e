"""A run that another is compared with: what its promises were, in a fifth of the memory that its document takes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from accord.living_docs.bodies import Bodies
from accord.living_docs.model import Document, Feature, Pickle
from accord.living_docs.reader import read
from accord.living_docs.run import StepText
from accord.living_docs.state import State
from accord.recording import ndjson


@dataclass(slots=True, eq=False)
class FormerFeature:
    """The feature that a promise was of."""

    uri: str
    language: str
    chapter: str
    name: str


@dataclass(slots=True, eq=False)
class Former:
    """A promise as it was."""

    feature: FormerFeature
    rule: str
    name: str
    slug: str
    tags: tuple[str, ...]
    state: State
    is_example: bool
    likeness: int
    """The hash of its steps."""
    _steps: int
    _bodies: Bodies

    @property
    def path(self) -> list[str]:
        """The names that lead to it: chapter, feature, rule, its own."""
        return [name for name in (self.feature.chapter, self.feature.name, self.rule, self.name) if name] or ["Unnamed"]

    @property
    def steps(self) -> list[str]:
        """Its steps as they were written."""
        return list(ndjson.loads(self._bodies.read(self._steps)))


@dataclass(frozen=True)
class FormerRun:
    """When the run was, its promises in the order of its document, and the feature files that it could not read."""

    started: datetime | None
    digest: str
    """The SHA-256 of its messages."""
    promises: list[Former]
    unread: Collection[str]


def read_former(path: Path) -> FormerRun:
    """Read the messages file of a run that is compared with. Raises UsageError as `read` does."""
    document = read(path, attachments=False)
    run = former(document)
    _dissolve(document)
    return run


def former(document: Document) -> FormerRun:
    """What is compared of a document."""
    bodies = Bodies()
    features: dict[Feature, FormerFeature] = {}
    promises = [_former(pickle, features, bodies) for pickle in document.pickles()]
    return FormerRun(document.metadata.started, document.digest, promises, document.unread)


def _former(pickle: Pickle, features: dict[Feature, FormerFeature], bodies: Bodies) -> Former:
    feature, rule = pickle.scenario.feature, pickle.scenario.rule
    if feature not in features:
        features[feature] = FormerFeature(feature.uri, feature.language, feature.chapter, feature.name)
    said = texts(pickle.steps)
    return Former(
        feature=features[feature],
        rule=rule.name if rule else "",
        name=pickle.name,
        slug=pickle.slug,
        tags=pickle.tags,
        state=pickle.state,
        is_example=pickle.cells is not None,
        likeness=hash(tuple(said)),
        _steps=bodies.add(ndjson.dumps(said)),
        _bodies=bodies,
    )


def texts(steps: list[StepText]) -> list[str]:
    """Steps as they are written, each with its table or text."""
    return [_text(step) for step in steps]


def _text(step: StepText) -> str:
    table = "".join("\n| " + " | ".join(row) + " |" for row in step.table or ())
    return f"{step.keyword} {step.text}{table}" + (f"\n{step.doc}" if step.doc else "")


def _dissolve(document: Document) -> None:
    """Let go of its parts, which refer to each other in a circle: the garbage of a large document is not collected."""
    for pickle in list(document.pickles()):
        pickle.scenario.pickles.clear()
    for chapter in document.chapters:
        for feature in chapter.features:
            feature.scenarios.clear()
            feature.rules.clear()
