"""What changed since another run: promises new, reworded, gone, and what became of those that are the same."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from accord.living_docs.former import Former, FormerRun, texts
from accord.living_docs.model import Document, Pickle
from accord.living_docs.state import State

# What may become of a promise beside being broken, or fixed.
_BECAME = (State.FLAKY, State.UNMADE, State.UNRUN, State.KEPT)


@dataclass
class Reworded:
    """A promise in other words: how it was, how it is, and the steps in which they differ."""

    was: Former
    now: Pickle

    @property
    def lost(self) -> list[str]:
        """The steps that it had and has no more."""
        return _without(self.was.steps, texts(self.now.steps))

    @property
    def gained(self) -> list[str]:
        """The steps that it has and had not."""
        return _without(texts(self.now.steps), self.was.steps)


@dataclass
class Changes:
    """The promises by what changed of them; those that are gone are there as they were."""

    since: datetime | None
    since_digest: str
    """The SHA-256 of the messages of the run that was before."""
    new: list[Pickle] = field(default_factory=list)
    newly_broken: list[Pickle] = field(default_factory=list)
    fixed: list[Pickle] = field(default_factory=list)
    became: dict[State, list[Pickle]] = field(default_factory=lambda: {state: [] for state in _BECAME})
    """Those of another state than they had, by the state that they have, but for what is newly broken or fixed."""
    reworded: list[Reworded] = field(default_factory=list)
    gone: list[Former] = field(default_factory=list)
    unread: list[Former] = field(default_factory=list)
    """Those of feature files that could not be read: nobody knows whether they are gone."""
    reread: list[Pickle] = field(default_factory=list)
    """Those of feature files that can be read again: nobody knows whether they are new."""
    moved: dict[str, str] = field(default_factory=dict)
    """The addresses that promises had, where they have another one now: it is made of names."""

    def lists(self) -> list[tuple[str, list[Pickle] | list[Former]]]:
        """What there is of each but the reworded, with its title; the worst first."""
        found: list[tuple[str, list[Pickle] | list[Former]]] = [
            ("newly broken", self.newly_broken),
            ("not read", self.unread),
            *((f"now {state.value}", self.became[state]) for state in _BECAME),
            ("fixed", self.fixed),
            ("read again", self.reread),
            ("new", self.new),
            ("gone", self.gone),
        ]
        return [(name, pickles) for name, pickles in found if pickles]

    def counted(self) -> list[tuple[str, int]]:
        """How many of each, leaving out what there is none of."""
        found = [(name, len(pickles)) for name, pickles in self.lists()]
        return found + ([("reworded", len(self.reworded))] if self.reworded else [])

    def of_state(self, was: State, now: State) -> list[Pickle]:
        """The list of those that had the one state, and have the other."""
        if now is State.BROKEN:
            return self.newly_broken
        # What was broken and is now skipped, or not run, is not fixed.
        return self.fixed if (was, now) == (State.BROKEN, State.KEPT) else self.became[now]

    def sentence(self) -> str:
        """How much changed, in a sentence."""
        return ", ".join(f"{count:,} {name}" for name, count in self.counted()) or "nothing"


def changes(before: FormerRun, after: Document) -> Changes:
    """Compare two runs. A promise is the same if its names are, else if its steps are, else if its position is."""
    found = Changes(before.started, before.digest)
    old = {former.slug: former for former in before.promises}
    new = {pickle.slug: pickle for pickle in after.pickles()}
    pairs = [(old.pop(slug), new.pop(slug)) for slug in list(new) if slug in old]
    if old and new:
        # First what surely is the same: what is left is compared by ever weaker likeness.
        pairs += _alike(old, new, _steps_before, _steps)
        pairs += _alike(old, new, *_positions(before.promises, after.pickles()))
    for was, now in pairs:
        if was.slug != now.slug:
            found.moved[was.slug] = now.slug
        if was.name != now.name or _steps_before(was) != _steps(now):
            found.reworded.append(Reworded(was, now))
        # What was written since the whole was run, and not run yet, says nothing.
        if was.state is not now.state and (now.runs or not after.parts):
            found.of_state(was.state, now.state).append(now)
    for pickle in new.values():
        (found.reread if pickle.scenario.feature.uri in before.unread else found.new).append(pickle)
    for former in old.values():
        (found.unread if former.feature.uri in after.unread else found.gone).append(former)
    if after.parts:
        # Nor is it new, or in other words.
        found.new = [pickle for pickle in found.new if pickle.runs]
        found.reworded = [pair for pair in found.reworded if pair.now.runs]
    return found


def _alike(
    old: dict[str, Former],
    new: dict[str, Pickle],
    likeness_before: Callable[[Former], Hashable],
    likeness: Callable[[Pickle], Hashable],
) -> Iterator[tuple[Former, Pickle]]:
    """Yield pairs that are alike, and take them out of both."""
    # Of several that are alike the last counts: each is paired once at most.
    left = {likeness_before(former): slug for slug, former in old.items()}
    # A list, since pairs are taken out of the dict meanwhile.
    for slug, pickle in list(new.items()):
        if (found := left.pop(likeness(pickle), None)) is not None:
            yield old.pop(found), new.pop(slug)


def _steps_before(former: Former) -> Hashable:
    return former.feature.uri, former.likeness


def _steps(pickle: Pickle) -> Hashable:
    return pickle.scenario.feature.uri, hash(tuple(texts(pickle.steps)))


def _without(some: list[str], others: list[str]) -> list[str]:
    return [text for text in some if text not in others]


def _positions(
    before: Iterable[Former], after: Iterable[Pickle]
) -> tuple[Callable[[Former], Hashable], Callable[[Pickle], Hashable]]:
    """Compare by what comes before in the feature: lines move with whatever is written above them."""
    old: dict[Former, Hashable] = {}
    new: dict[Pickle, Hashable] = {}
    above = None
    # An outline that became a scenario, or the reverse, is another promise.
    for former in before:
        old[former] = (former.feature.uri, above, former.is_example)
        above = former.slug
    above = None
    for pickle in after:
        new[pickle] = (pickle.scenario.feature.uri, above, pickle.cells is not None)
        above = pickle.slug
    return old.__getitem__, new.__getitem__
