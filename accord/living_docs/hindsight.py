"""What the last runs say of a promise: since when it is broken, how often it was, how long it usually takes."""

from collections.abc import Iterator
from statistics import median

from accord.living_docs.changes import Changes
from accord.living_docs.model import Pickle
from accord.living_docs.past_runs import ABSENT, LETTERS, RUNS, UNKNOWN, History, Past, PastRun
from accord.living_docs.state import State
from accord.living_docs.words import moment, took

_UNRUN = LETTERS[State.UNRUN]
# What ran to its end.
_TIMED = (State.KEPT, State.BROKEN, State.FLAKY)
_USUAL = (LETTERS[State.KEPT], LETTERS[State.FLAKY])
# What takes so much longer than usual, and by so many seconds, is worth a word.
_SLOWER, _BY = 2.0, 0.1


class Hindsight:
    """What a history says of the promises of its last run, where there is something to say."""

    def __init__(self, history: History, changes: Changes | None) -> None:
        self._runs = history.runs
        self._promises = history.promises if len(history.runs) > 1 else {}
        self._changed = {pickle for _title, pickles in changes.lists() for pickle in pickles} if changes else set()

    def of(self, pickle: Pickle) -> str:
        """What there is to say in a list: `broken since 3 November 2026, 3 runs`."""
        if (past := self._promises.get(pickle.slug)) is None:
            return ""
        since = [f"{pickle.state.value} {since}" for since in self._since(pickle, past)]
        return ", ".join([*since, *_often(pickle, past), *_usually(pickle, past)])

    def beside(self, pickle: Pickle) -> str:
        """What there is to say beside its state and its time: `usually 20 ms, since 3 November 2026, 3 runs`."""
        if (past := self._promises.get(pickle.slug)) is None:
            return ""
        return ", ".join([*_usually(pickle, past), *self._since(pickle, past), *_often(pickle, past)])

    def usually(self, pickle: Pickle) -> str:
        """How long it usually takes, where it took much longer."""
        past = self._promises.get(pickle.slug)
        return "".join(_usually(pickle, past)) if past else ""

    def _since(self, pickle: Pickle, past: Past) -> Iterator[str]:
        """Say since when it is as it is; runs in which it was not run say nothing of that."""
        if pickle.state is State.KEPT:
            return
        letter = LETTERS[pickle.state]
        silent = {ABSENT} if letter == _UNRUN else {ABSENT, _UNRUN}
        unchanged: list[int] = []
        for number in reversed(range(len(self._runs))):
            if past.states[number] == letter:
                unchanged.append(number)
            elif past.states[number] not in silent:
                break
        if len(unchanged) > 1:
            first = began(self._runs[unchanged[-1]], self._runs[-1])
            # What was before the first run of all is not known any more.
            is_longer = unchanged[-1] == 0 and len(self._runs) >= RUNS
            yield f"since {first}{' or before' if is_longer else ''}, {len(unchanged)} runs"
        elif unchanged and unchanged[0] < len(self._runs) - 1:
            yield f"since {began(self._runs[unchanged[0]], self._runs[-1])}"
        # What changed in this run is listed as that already.
        elif unchanged and pickle not in self._changed:
            yield "since this run"


def began(run: PastRun, last: PastRun) -> str:
    """When a run began: on which day, and, where that is the day of the last one, at which time and of which commit."""
    if run.started.date() != last.started.date():
        return f"{run.started.day} {run.started:%B %Y}"
    return moment(run.started) + (f" ({run.short_commit})" if run.commit else "")


def _often(pickle: Pickle, past: Past) -> Iterator[str]:
    """Say how often it was broken, or flaky, unless that is said already by since when it is."""
    ran = past.states.replace(ABSENT, "").replace(_UNRUN, "")
    for state in (State.BROKEN, State.FLAKY):
        letter = LETTERS[state]
        newest = len(ran) - len(ran.rstrip(letter)) if pickle.state is state else 0
        if (count := ran.count(letter)) > newest:
            runs = f"{count} of the last {len(ran)} runs" if len(ran) > 1 else "the last run"
            yield f"{state.value} in {runs}"


def _usually(pickle: Pickle, past: Past) -> Iterator[str]:
    # Most take less than what is worth a word.
    if pickle.state not in _TIMED or (pickle.seconds or 0) <= _BY:
        return
    # Its last time is the one that is compared.
    known = [(letter, time) for letter, time in zip(past.states, past.times, strict=True) if letter != ABSENT]
    before = [time / 1000 for letter, time in known[:-1] if letter in _USUAL and time != UNKNOWN]
    if before and pickle.seconds and pickle.seconds > max(_SLOWER * (usual := median(before)), usual + _BY):
        yield f"usually {took(usual)}"
