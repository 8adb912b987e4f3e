"""What changed since another run: promises new, reworded, gone, and what became of those that are the same."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from accord.living_docs.model import Document, Pickle
from accord.living_docs.run import StepText
from accord.living_docs.state import State

# What may become of a promise beside being broken, or fixed.
_BECAME = (State.FLAKY, State.UNMADE, State.UNRUN, State.KEPT)


@dataclass
class Reworded:
    """A promise in other words: how it was, how it is, and the steps in which they differ."""

    was: Pickle
    now: Pickle

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
    """The promises by what changed of them; those that are gone are there as they were."""

    since: Document
    new: list[Pickle] = field(default_factory=list)
    newly_broken: list[Pickle] = field(default_factory=list)
    fixed: list[Pickle] = field(default_factory=list)
    became: dict[State, list[Pickle]] = field(default_factory=lambda: {state: [] for state in _BECAME})
    """Those of another state than they had, by the state that they have, but for what is newly broken or fixed."""
    reworded: list[Reworded] = field(default_factory=list)
    gone: list[Pickle] = field(default_factory=list)
    unread: list[Pickle] = field(default_factory=list)
    """Those of feature files that could not be read: nobody knows whether they are gone."""
    reread: list[Pickle] = field(default_factory=list)
    """Those of feature files that can be read again: nobody knows whether they are new."""
    moved: dict[str, str] = field(default_factory=dict)
    """The addresses that promises had, where they have another one now: it is made of names."""

    def lists(self) -> list[tuple[str, list[Pickle]]]:
        """What there is of each but the reworded, with its title; the worst first."""
        found = [
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


def changes(before: Document, after: Document) -> Changes:
    """Compare two runs. A promise is the same if its names are, else if its steps are, else if its position is."""
    found = Changes(before)
    old = {pickle.slug: pickle for pickle in before.pickles()}
    new = {pickle.slug: pickle for pickle in after.pickles()}
    pairs = [(old.pop(slug), new.pop(slug)) for slug in list(new) if slug in old]
    # First what surely is the same: what is left is compared by ever weaker likeness.
    for likeness in (_steps, _position(before, after)):
        pairs += _alike(old, new, likeness)
    for was, now in pairs:
        if was.slug != now.slug:
            found.moved[was.slug] = now.slug
        if was.name != now.name or _steps(was) != _steps(now):
            found.reworded.append(Reworded(was, now))
        # What was written since the whole was run, and not run yet, says nothing.
        if was.state is not now.state and (now.runs or not after.parts):
            found.of_state(was.state, now.state).append(now)
    for pickle in new.values():
        (found.reread if pickle.scenario.feature.uri in before.unread else found.new).append(pickle)
    for pickle in old.values():
        (found.unread if pickle.scenario.feature.uri in after.unread else found.gone).append(pickle)
    if after.parts:
        # Nor is it new, or in other words.
        found.new = [pickle for pickle in found.new if pickle.runs]
        found.reworded = [pair for pair in found.reworded if pair.now.runs]
    return found


def _alike(
    old: dict[str, Pickle], new: dict[str, Pickle], likeness: Callable[[Pickle], Hashable]
) -> Iterator[tuple[Pickle, Pickle]]:
    """Yield pairs that are alike, and take them out of both."""
    # Of several that are alike the last counts: each is paired once at most.
    left = {likeness(pickle): slug for slug, pickle in old.items()}
    # A list, since pairs are taken out of the dict meanwhile.
    for slug, pickle in list(new.items()):
        if (found := left.pop(likeness(pickle), None)) is not None:
            yield old.pop(found), new.pop(slug)


def _steps(pickle: Pickle) -> Hashable:
    return pickle.scenario.feature.uri, tuple(map(_text, pickle.steps))


def _text(step: StepText) -> str:
    table = "".join("\n| " + " | ".join(row) + " |" for row in step.table or ())
    return f"{step.keyword} {step.text}{table}" + (f"\n{step.doc}" if step.doc else "")


def _differing(one: Pickle, other: Pickle) -> list[str]:
    others = {_text(step) for step in other.steps}
    return [text for step in one.steps if (text := _text(step)) not in others]


def _position(*documents: Document) -> Callable[[Pickle], Hashable]:
    """Compare by what comes before in the feature: lines move with whatever is written above them."""
    positions: dict[Pickle, Hashable] = {}
    for document in documents:
        before = None
        for pickle in document.pickles():
            # An outline that became a scenario, or the reverse, is another promise.
            positions[pickle] = (pickle.scenario.feature.uri, before, pickle.cells is None)
            before = pickle.slug
    return positions.__getitem__
