"""The trend of the last runs: a drawing with a column for each, a sentence, and what was in each of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from accord.living_docs.hindsight import began
from accord.living_docs.past_runs import LETTERS, History, PastRun
from accord.living_docs.state import IN_THE_SENTENCE, State
from accord.living_docs.words import exact

HEIGHT = 24.0
"""How high the drawing is, in pixels."""
_LEAST = 2.0


@dataclass(frozen=True)
class Part:
    """A part of a column, from the top of the drawing, in pixels."""

    state: State
    top: float
    height: float


@dataclass(frozen=True)
class Column:
    """A full run: when it was, of which commit, and what became of its promises."""

    run: PastRun
    counts: dict[State, int]
    parts: list[Part]

    @property
    def when(self) -> str:
        """When it began."""
        return exact(self.run.started)

    @property
    def sentence(self) -> str:
        """How many were kept, broken and so on: `218 kept, 2 broken`."""
        return ", ".join(f"{count:,} {state.value}" for state, count in self.counts.items() if count) or "nothing"


@dataclass(frozen=True)
class Trend:
    """A column for each full run, the oldest first, and all in a sentence."""

    columns: list[Column]
    sentence: str


def trend(history: History) -> Trend | None:
    """The trend of the full runs of a history; there is none of fewer than two."""
    numbers = [number for number, run in enumerate(history.runs) if not run.is_part]
    if len(numbers) < 2:
        return None
    found = [Counter[str]() for _run in history.runs]
    for states, count in Counter(past.states for past in history.promises.values()).items():
        for number in numbers:
            found[number][states[number]] += count
    counts = [{state: found[number][LETTERS[state]] for state in IN_THE_SENTENCE} for number in numbers]
    runs = [history.runs[number] for number in numbers]
    # A column is as high as its run had promises: those that could not be read are missing.
    most = max(sum(count.values()) for count in counts)
    columns = [Column(run, count, list(_parts(count, most))) for run, count in zip(runs, counts, strict=True)]
    whole = sum(not count[State.BROKEN] for count in counts)
    kind = "full runs" if len(runs) < len(history.runs) else "runs"
    return Trend(columns, f"{whole} of the last {len(runs)} {kind}, since {began(runs[0], runs[-1])}, broke no promise")


def _parts(counts: dict[State, int], most: int) -> Iterator[Part]:
    """Yield the parts of a column, the first state at its foot: each that there is can be seen."""
    there = {state: count for state, count in counts.items() if count}
    total = sum(there.values())
    heights = _heights(there, max(HEIGHT * total / most, _LEAST * len(there))) if there else {}
    foot = HEIGHT
    for state, height in heights.items():
        # No more than that is lost to rounding at the top.
        foot = max(foot - height, 0)
        yield Part(state, foot, height)


def _heights(counts: dict[State, int], height: float) -> dict[State, float]:
    """Return how high the part of each state is: what would be too low to be seen takes its room from the others."""
    low: set[State] = set()
    while True:
        rest = sum(count for state, count in counts.items() if state not in low)
        left = height - _LEAST * len(low)
        heights = {state: _LEAST if state in low else left * count / rest for state, count in counts.items()}
        if not (lower := {state for state, it in heights.items() if it < _LEAST}):
            return heights
        low |= lower
