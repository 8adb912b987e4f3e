"""The last runs: when each of them was, and what became of each promise in it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, product
from sys import intern

from accord.living_docs.model import Document, Pickle, RunMetadata
from accord.living_docs.run import Run
from accord.living_docs.state import State, badness

RUNS = 20
"""How many full runs are in it, and how many runs of a part."""
LETTERS = {State.KEPT: "k", State.BROKEN: "b", State.FLAKY: "f", State.UNMADE: "u", State.UNRUN: "n"}
"""How it writes what became of a promise."""
ABSENT = "-"
"""What stands in the place of a promise that was not there, or to which the run did not come."""
UNKNOWN = -1
"""What stands in the place of a time."""
_LONGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PastRun:
    """When a run began, of which commit, and in which build of CI, if any, it was; and whether it was of a part."""

    started: datetime
    commit: str
    build: str = ""
    is_part: bool = False

    @property
    def short_commit(self) -> str:
        """The commit as people write it."""
        return RunMetadata(revision=self.commit).commit


@dataclass(frozen=True, slots=True)
class Past:
    """What became of a promise in each run, by a letter, and how many milliseconds it took; the oldest first.

    There may be a hundred thousand, so that it is small: most of them have the same letters.
    """

    states: str
    times: array[int]

    @classmethod
    def of(cls, letters: Iterable[str], times: Iterable[int | None]) -> Past:
        """Make one of letters, and of times, some of which may not be known."""
        return cls(intern("".join(letters)), array("i", [UNKNOWN if time is None else time for time in times]))


@dataclass(frozen=True)
class History:
    """The last runs, the oldest first, and what became of each promise in them, by its address in the page."""

    runs: tuple[PastRun, ...] = ()
    promises: dict[str, Past] = field(default_factory=dict)

    def with_run(self, document: Document, moved: Mapping[str, str] | None = None) -> History:
        """Return it with the run of a document, in the place of what is known of that run, and without the oldest.

        A run of a part is a run of its own, and leaves those before it as they were. `moved` has the addresses that
        promises had before, each with the one that it has now: their past goes with them.
        """
        if document.metadata.started is None:
            return self
        return joined([self._moved(moved or {}), _of(document)])

    def _moved(self, moved: Mapping[str, str]) -> History:
        found = {now: self.promises[was] for was, now in moved.items() if was in self.promises}
        if not found:
            return self
        return History(self.runs, {slug: past for slug, past in self.promises.items() if slug not in moved} | found)

    def until(self, document: Document) -> History:
        """Return it as it was after the last run of a document: one that is shown again knows no later ones."""
        if document.metadata.started is None:
            return NO_HISTORY
        last = max(document.parts, default=document.metadata.started)
        known = sum(run.started <= last for run in self.runs)
        if known == len(self.runs):
            return self
        return History(
            self.runs[:known],
            {slug: Past(past.states[:known], past.times[:known]) for slug, past in self.promises.items()},
        )


NO_HISTORY = History()


def joined(histories: Sequence[History], *, of_shares: bool = False) -> History:
    """The histories as one: its last runs, and of each run what the last of them has.

    With `of_shares` runs of one commit that several of them have are one run, if they are of one build of CI, or, where
    that is not known, if no promise is in both.
    """
    groups = _groups(histories, of_shares=of_shares)
    runs = _last([group.run for group in groups])
    places = {run.started: place for place, run in enumerate(runs)}
    columns = {
        started: (places[group.run.started], len(group.starts) > 1)
        for group in groups
        if group.run.started in places
        for started in group.starts
    }
    found = [
        (
            history.promises,
            [(number, *columns[run.started]) for number, run in enumerate(history.runs) if run.started in columns],
        )
        for history in histories
    ]
    promises: dict[str, Past] = {}
    for slug in dict.fromkeys(chain.from_iterable(history.promises for history in histories)):
        letters, times = [ABSENT] * len(runs), array("i", [UNKNOWN]) * len(runs)
        for pasts, positions in found:
            if (past := pasts.get(slug)) is not None:
                for number, place, is_shared in positions:
                    if (letter := past.states[number]) == ABSENT:
                        continue
                    if is_shared and letters[place] != ABSENT:
                        letter = _attempted(letters[place], letter)
                    letters[place], times[place] = letter, past.times[number]
        if (states := "".join(letters)).strip(ABSENT):
            promises[slug] = Past(intern(states), times)
    return History(runs, promises)


@dataclass
class _Group:
    """A run, when its shares began, and where they are: in which history, and in which column of it."""

    run: PastRun
    starts: list[datetime]
    columns: list[tuple[History, int]]


def _groups(histories: Sequence[History], *, of_shares: bool) -> list[_Group]:
    found: dict[datetime, _Group] = {}
    for history in histories:
        for number, run in enumerate(history.runs):
            group = found.setdefault(run.started, _Group(run, [run.started], []))
            group.run = run
            group.columns.append((history, number))
    groups: list[_Group] = []
    for started in sorted(found):
        share = found[started]
        whole = next((group for group in groups if of_shares and _is_one(group, share)), None)
        if whole is None:
            groups.append(share)
        else:
            whole.starts += share.starts
            whole.columns += share.columns
    return groups


def _is_one(one: _Group, other: _Group) -> bool:
    if one.run.is_part or other.run.is_part or one.run.commit != other.run.commit:
        return False
    pairs = list(product(one.columns, other.columns))
    # What one machine has as two runs is two, whatever is in them.
    if any(here is there for (here, _number), (there, _its) in pairs):
        return False
    if one.run.build and other.run.build:
        return one.run.build == other.run.build
    return not any(_share_a_promise(*pair) for pair in pairs)


def _share_a_promise(one: tuple[History, int], other: tuple[History, int]) -> bool:
    (here, number), (there, its) = one, other
    return any(
        past.states[number] != ABSENT and (known := there.promises.get(slug)) and known.states[its] != ABSENT
        for slug, past in here.promises.items()
    )


def _attempted(before: str, now: str) -> str:
    """Return what became of a promise that ran twice in a run, as the messages of both have it when they are merged."""
    if now == LETTERS[State.UNRUN]:
        return before
    is_mended = now == LETTERS[State.KEPT] and before in (LETTERS[State.BROKEN], LETTERS[State.FLAKY])
    return LETTERS[State.FLAKY] if is_mended else now


def _last(runs: list[PastRun]) -> tuple[PastRun, ...]:
    """Return the last full runs, and the last of a part."""
    left = [run for is_part in (False, True) for run in [it for it in runs if it.is_part is is_part][-RUNS:]]
    return tuple(sorted(left, key=lambda run: run.started))


def _of(document: Document) -> History:
    """Return the run that a document is of, or the runs of a part that are in it.

    What they ran again stands in the place of what the full run had: of that they no longer have all.
    """
    run = document.metadata
    assert run.started is not None
    if document.parts:
        # Of which commit these were, messages do not say.
        runs = [PastRun(part, "", is_part=True) for part in document.parts]
        columns: list[datetime | None] = [*document.parts]
    else:
        # A server of CI alone says nothing: it needs the number of the build.
        build = run.url or (run.build if run.build != run.ci else "")
        runs, columns = [PastRun(run.started, run.revision, build)], [None]
    return History(tuple(runs), {pickle.slug: _past(pickle, columns) for pickle in document.pickles()})


def _past(pickle: Pickle, columns: Sequence[datetime | None]) -> Past:
    letters, times = [ABSENT] * len(columns), array("i", [UNKNOWN]) * len(columns)
    for column, when in enumerate(columns):
        # What another machine runs, or what the run did not come to, was not there.
        if ran := [run for run in pickle.runs if run.again == when and run.started]:
            letters[column] = LETTERS[min((run.state for run in ran), key=badness)]
            times[column] = _milliseconds(ran)
    return Past(intern("".join(letters)), times)


def _milliseconds(runs: list[Run]) -> int:
    taken = [run.seconds for run in runs if run.seconds is not None]
    return min(round(sum(taken) * 1000), _LONGEST) if taken else UNKNOWN
