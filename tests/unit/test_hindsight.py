"""What the last runs say of a promise: since when it is broken, how often, and how long it takes."""

from datetime import timedelta
from pathlib import Path

import pytest

from accord.living_docs.changes import Changes
from accord.living_docs.hindsight import Hindsight
from accord.living_docs.model import Pickle
from accord.living_docs.past_runs import NO_HISTORY, RUNS, History
from tests.helpers.past import AWAY, BROKEN, DAY, SKIPPED, after, run
from tests.helpers.recording import Outcome

UNMADE = {"it is": Outcome("PENDING")}


def said(past: History, pickle: Pickle) -> str:
    return Hindsight(past, None).of(pickle)


def test_a_broken_promise_says_since_when(stream: Path) -> None:
    past, pickle = after(stream, None, None, BROKEN, BROKEN, BROKEN)
    assert said(past, pickle) == "broken since 3 November 2026, 3 runs"
    assert Hindsight(past, None).beside(pickle) == "since 3 November 2026, 3 runs"


def test_of_runs_of_one_day_the_first_is_named_by_its_time_and_commit(stream: Path) -> None:
    past, pickle = after(stream, None, BROKEN, BROKEN, days=0.125)
    assert said(past, pickle) == "broken since 1 November 2026, 12:00 UTC (3f2a91c), 2 runs"


@pytest.mark.parametrize("gap", [AWAY, SKIPPED])
def test_a_run_that_says_nothing_of_a_promise_neither_ends_nor_counts(stream: Path, gap: dict[str, Outcome]) -> None:
    past, pickle = after(stream, None, None, BROKEN, BROKEN, gap, BROKEN)
    assert said(past, pickle) == "broken since 3 November 2026, 3 runs"
    past, pickle = after(stream, BROKEN, gap, gap, None)
    assert said(past, pickle) == "broken in 1 of the last 2 runs"


def test_what_is_skipped_says_since_when_and_how_often_it_was_broken(stream: Path) -> None:
    past, pickle = after(stream, BROKEN, None, SKIPPED, AWAY, SKIPPED)
    assert said(past, pickle) == "not run since 3 November 2026, 2 runs, broken in 1 of the last 2 runs"


def test_what_is_not_yet_implemented_says_since_when(stream: Path) -> None:
    past, pickle = after(stream, BROKEN, UNMADE, UNMADE)
    assert said(past, pickle).startswith("not yet implemented since 2 November 2026, 2 runs")


def test_what_is_broken_for_as_long_as_is_known_may_be_so_for_longer(stream: Path) -> None:
    past, pickle = after(stream, *[BROKEN] * (RUNS + 1))
    assert said(past, pickle) == f"broken since 2 November 2026 or before, {RUNS} runs"


def test_what_broke_in_this_run_says_so_unless_it_is_listed_as_that(stream: Path) -> None:
    past, pickle = after(stream, None, BROKEN)
    assert said(past, pickle) == "broken since this run"
    for listed, expected in (([pickle], ""), ([], "broken since this run")):
        changes = Changes(None, "", newly_broken=listed)
        assert Hindsight(past, changes).of(pickle) == expected


def test_what_is_broken_for_longer_says_so_though_it_is_listed_as_newly_broken(stream: Path) -> None:
    past, pickle = after(stream, None, BROKEN, BROKEN)
    changes = Changes(None, "", newly_broken=[pickle])
    assert Hindsight(past, changes).of(pickle) == "broken since 2 November 2026, 2 runs"


def test_what_broke_in_a_run_of_a_part_says_since_when_after_another_part(stream: Path) -> None:
    part = run(stream, 0, BROKEN)
    broken, other = part.pickles()
    part.parts = [DAY + timedelta(days=1)]
    broken.runs[0].again = part.parts[0]
    past = NO_HISTORY.with_run(run(stream, 0)).with_run(part)
    assert said(past, broken) == "broken since this run"
    part.parts.append(DAY + timedelta(days=2))
    other.runs[0].again = part.parts[1]
    assert said(past.with_run(part), broken) == "broken since 2 November 2026"


def test_what_was_broken_now_and_then_says_how_often_and_what_never_was_says_nothing(stream: Path) -> None:
    past, pickle = after(stream, BROKEN, None, BROKEN, None)
    assert said(past, pickle) == "broken in 2 of the last 4 runs"
    past, pickle = after(stream, None, None)
    assert said(past, pickle) == ""
    assert Hindsight(past, None).beside(pickle) == ""


def test_what_is_broken_again_says_how_often_it_was(stream: Path) -> None:
    past, pickle = after(stream, BROKEN, None, BROKEN)
    assert said(past, pickle) == "broken since this run, broken in 2 of the last 3 runs"


def test_a_first_run_has_no_history_to_tell_of(stream: Path) -> None:
    assert said(*after(stream, BROKEN)) == ""


def test_what_takes_much_longer_than_usual_says_how_long_that_is(stream: Path) -> None:
    # How long it took while it was broken says nothing of that, nor does a run in which it was not.
    for before in ((None, None), (None, BROKEN, BROKEN), (None, AWAY)):
        past = after(stream, *before)[0]
        for number, state in enumerate(past.promises["it.one"].states):
            if state == "b":
                past.promises["it.one"].times[number] = 5000
        slow = run(stream, 9)
        pickle = next(slow.pickles())
        pickle.runs[0].seconds = 0.715
        found = Hindsight(past.with_run(slow), None)
        assert found.usually(pickle) == "usually 7 ms"
        assert found.beside(pickle).startswith("usually 7 ms")
    usual = run(stream, 9)
    assert Hindsight(after(stream, None, None)[0].with_run(usual), None).usually(next(usual.pickles())) == ""
