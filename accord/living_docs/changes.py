"""What changed since another run: promises new, newly broken, fixed, reworded, gone."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from accord.living_docs.model import Document, Promise, State, Written


@dataclass
class Reworded:
    """A promise in other words: how it was, how it is, and the steps in which they differ."""

    was: Promise
    now: Promise

    @property
    def lost(self) -> list[str]:
        """The steps that it had and has no more."""
        return _differing(self.was, self.now)

    @property
    def gained(self) -> list[str]:
        """The steps that it has and had not."""
        return _differing(self.now, self.was)


@dataclass
class Changes:
    """The promises by what became of them; of those that are gone, as they were."""

    since: Document
    new: list[Promise] = field(default_factory=list)
    newly_broken: list[Promise] = field(default_factory=list)
    fixed: list[Promise] = field(default_factory=list)
    reworded: list[Reworded] = field(default_factory=list)
    gone: list[Promise] = field(default_factory=list)

    def counted(self) -> list[tuple[str, int]]:
        """How many of each, leaving out what there is none of."""
        found: dict[str, Sequence[object]] = {
            "newly broken": self.newly_broken,
            "fixed": self.fixed,
            "new": self.new,
            "reworded": self.reworded,
            "gone": self.gone,
        }
        return [(name, len(promises)) for name, promises in found.items() if promises]

    def sentence(self) -> str:
        """How much changed, in a sentence."""
        return ", ".join(f"{count:,} {name}" for name, count in self.counted()) or "nothing"


def changes(before: Document, after: Document) -> Changes:
    """Compare two runs. A promise is the same if its names are, else if its steps are, else if its place is."""
    found = Changes(before)
    old = {promise.slug: promise for promise in before.promises()}
    new = {promise.slug: promise for promise in after.promises()}
    pairs = [(old.pop(slug), new.pop(slug)) for slug in list(new) if slug in old]
    for likeness in (_steps, _place(before, after)):
        pairs += _alike(old, new, likeness)
    for was, now in pairs:
        if was.name != now.name or _steps(was) != _steps(now):
            found.reworded.append(Reworded(was, now))
        if State.BROKEN in (was.state, now.state) and was.state is not now.state:
            (found.newly_broken if now.state is State.BROKEN else found.fixed).append(now)
    found.fixed = [promise for promise in found.fixed if promise.state is State.KEPT]
    found.new, found.gone = list(new.values()), list(old.values())
    return found


def _alike(
    old: dict[str, Promise], new: dict[str, Promise], likeness: Callable[[Promise], Hashable]
) -> Iterator[tuple[Promise, Promise]]:
    """Take those out of both that are alike."""
    left = {likeness(promise): slug for slug, promise in old.items()}
    for slug, promise in list(new.items()):
        if (found := left.pop(likeness(promise), None)) is not None:
            yield old.pop(found), new.pop(slug)


def _steps(promise: Promise) -> Hashable:
    return promise.scenario.feature.uri, tuple(map(_said, promise.steps))


def _said(step: Written) -> str:
    table = "".join("\n| " + " | ".join(row) + " |" for row in step.table or ())
    return f"{step.keyword} {step.text}{table}" + (f"\n{step.doc}" if step.doc else "")


def _differing(one: Promise, other: Promise) -> list[str]:
    others = {_said(step) for step in other.steps}
    return [said for step in one.steps if (said := _said(step)) not in others]


def _place(*documents: Document) -> Callable[[Promise], Hashable]:
    """A place is in a feature, after a certain promise: lines move with whatever is written above them."""
    places: dict[Promise, Hashable] = {}
    for document in documents:
        before = None
        for promise in document.promises():
            places[promise] = (promise.scenario.feature.uri, before, promise.cells is None)
            before = promise.slug
    return places.__getitem__
