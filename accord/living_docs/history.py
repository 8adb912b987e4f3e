"""The last runs of each promise: since when it is broken, how often it is flaky, how long it takes.

It is a small file of its own, since the messages of a run say nothing of those before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from accord.basics.files import together
from accord.errors import NoSuchFileError, UsageError
from accord.living_docs.model import Document, Pickle
from accord.living_docs.state import State
from accord.living_docs.words import took
from accord.recording import ndjson
from accord.recording.reader import UNFIT

RUNS = 20
"""How many runs are in it."""
_FORMAT = "accord-history"
_VERSION = 1
_LETTERS = {State.KEPT: "k", State.BROKEN: "b", State.FLAKY: "f", State.UNMADE: "u", State.UNRUN: "n"}
_STATES = {letter: state for state, letter in _LETTERS.items()}
# A promise that was not there.
_ABSENT = "-"
# What takes so much longer than usual, and by so many seconds, is worth a word.
_SLOWER, _BY = 2.0, 0.1


@dataclass(frozen=True)
class PastRun:
    """When a run began, of which commit it was."""

    started: datetime
    commit: str


@dataclass(frozen=True)
class Past:
    """What became of a promise in each run, by a letter, and how many milliseconds it took; the oldest first."""

    states: str
    times: tuple[int | None, ...]


@dataclass(frozen=True)
class History:
    """The last runs, the oldest first, and what became of each promise in them, by its address in the page."""

    runs: tuple[PastRun, ...] = ()
    promises: dict[str, Past] = field(default_factory=dict)

    def with_run(self, document: Document) -> History:
        """Return it with the run of a document, in the place of what is known of that run, and without the oldest."""
        started = document.metadata.started
        if started is None:
            return self
        run = PastRun(started, document.metadata.revision)
        now = {
            pickle.slug: Past(_LETTERS[pickle.state], (_milliseconds(pickle.seconds),)) for pickle in document.pickles()
        }
        return joined([self, History((run,), now)])

    def of(self, pickle: Pickle) -> str:
        """What the last runs say of a promise, in a few words; empty where it is as it was in all of them."""
        past = self.promises.get(pickle.slug)
        if past is None or len(self.runs) < 2:
            return ""
        known = past.states.replace(_ABSENT, "")
        said = [] if pickle.state is State.KEPT else [f"{pickle.state.value} {self._since(past)}"]
        for state in (State.BROKEN, State.FLAKY):
            # What the words before have said already is not said again.
            count, newest = known.count(_LETTERS[state]), len(known) - len(known.rstrip(_LETTERS[state]))
            if count > newest or (count and pickle.state is State.KEPT):
                said.append(f"{state.value} in {count} of the last {len(known)} runs")
        return ", ".join([*said, *self._slower(pickle, past)])

    def _since(self, past: Past) -> str:
        unchanged = len(past.states) - len(past.states.rstrip(past.states[-1]))
        if unchanged < 2:
            return "since this run"
        started = self.runs[len(self.runs) - unchanged].started
        return f"since {started.day} {started:%B %Y}, {unchanged} runs"

    def _slower(self, pickle: Pickle, past: Past) -> Iterator[str]:
        before = [time / 1000 for time in past.times[:-1] if time is not None]
        if before and pickle.seconds is not None:
            usual = median(before)
            if pickle.seconds > max(_SLOWER * usual, usual + _BY):
                yield f"usually {took(usual)}"

    def counts(self) -> list[dict[State, int]]:
        """How many promises were kept, broken and so on in each run."""
        counted = [Counter[str]() for _run in self.runs]
        for past in self.promises.values():
            for number, letter in enumerate(past.states):
                counted[number][letter] += 1
        return [{state: count[letter] for letter, state in _STATES.items()} for count in counted]

    def sentence(self) -> str:
        """The trend: `18 of the last 20 runs, since 3 November 2026, broke no promise`; empty for fewer than two."""
        if len(self.runs) < 2:
            return ""
        whole = sum(not count[State.BROKEN] for count in self.counts())
        first = self.runs[0].started
        return f"{whole} of the last {len(self.runs)} runs, since {first.day} {first:%B %Y}, broke no promise"

    def text(self) -> str:
        """It, as it is written into a file, a promise a line."""
        runs = ndjson.dumps([{"started": run.started.isoformat(), "commit": run.commit} for run in self.runs])
        promises = ",\n".join(
            f"{ndjson.dumps(slug)}:{ndjson.dumps([past.states, past.times])}"
            for slug, past in sorted(self.promises.items())
        )
        return f'{{"{_FORMAT}":{_VERSION},"runs":{runs},"promises":{{\n{promises}\n}}}}\n'


NO_HISTORY = History()


def read(path: Path) -> History:
    """Read the file; one that is not there is a history without runs.

    Raises UsageError for one that is no history, or of a version that is not known.
    """
    if not path.exists():
        return NO_HISTORY
    if not path.is_file():
        raise UsageError(f"{path} is not a file")
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    try:
        return _parsed(ndjson.loads(content))
    except UNFIT as error:
        raise UsageError(f"{path} is not a history of Accord's, or is torn: {error}") from None


def is_history(path: Path) -> bool:
    """Return whether a file begins as a history does."""
    # Whoever opens a pipe waits for what is written into it.
    if not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(len(_FORMAT) + 3) == f'{{"{_FORMAT}"'
    except OSError:
        return False


def merge(files: Sequence[Path], into: Path) -> History:
    """Join histories and write them as one. Raises UsageError for a file that is none, or cannot be written."""
    if missing := [path for path in files if not path.exists()]:
        raise NoSuchFileError(f"{missing[0]} does not exist")
    history = joined([read(path) for path in files])
    try:
        with together() as written:
            written.write(into, [history.text()])
    except OSError as error:
        raise UsageError(f"{into} cannot be written: {error.strerror}") from None
    return history


def joined(histories: Iterable[History]) -> History:
    """The histories as one: its last runs, and of each run what the last of them has."""
    histories = list(histories)
    known = {run.started: run for history in histories for run in history.runs}
    runs = tuple(known[started] for started in sorted(known)[-RUNS:])
    columns = {run.started: number for number, run in enumerate(runs)}
    states: dict[str, list[str]] = {}
    times: dict[str, list[int | None]] = {}
    for history in histories:
        positions = [columns.get(run.started) for run in history.runs]
        for slug, past in history.promises.items():
            letters = states.setdefault(slug, [_ABSENT] * len(runs))
            taken = times.setdefault(slug, [None] * len(runs))
            for position, letter, time in zip(positions, past.states, past.times, strict=True):
                if position is not None and letter != _ABSENT:
                    letters[position], taken[position] = letter, time
    return History(
        runs,
        {slug: Past("".join(it), tuple(times[slug])) for slug, it in states.items() if set(it) != {_ABSENT}},
    )


def _parsed(content: Any) -> History:
    if content[_FORMAT] != _VERSION:
        raise ValueError(f"its version is {content[_FORMAT]}, and {_VERSION} is known")
    runs = tuple(
        PastRun(datetime.fromisoformat(run["started"]).astimezone(UTC), str(run["commit"])) for run in content["runs"]
    )
    promises: dict[str, Past] = {}
    for slug, (letters, times) in content["promises"].items():
        if len(letters) != len(runs) or len(times) != len(runs) or set(letters) - {*_STATES, _ABSENT}:
            raise ValueError(f"{slug!r} does not fit its runs")
        if not all(time is None or type(time) is int for time in times):
            raise ValueError(f"a time of {slug!r} is not a whole number")
        promises[slug] = Past(letters, tuple(times))
    return History(runs, promises)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
