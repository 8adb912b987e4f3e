"""The last runs of each promise: since when it is broken, how often, and how long it takes."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accord import cli
from accord.errors import UsageError
from accord.living_docs import history, rendering
from accord.living_docs.history import NO_HISTORY, RUNS, History, Past, PastRun
from accord.living_docs.model import Document, Pickle
from tests.helpers.documents import document
from tests.helpers.recording import Outcome, ndjson, recorded

FEATURE = "Feature: It\n  Scenario: One\n    * it is\n  Scenario: Two\n    * it was\n"
DAY = datetime(2026, 11, 1, 9, tzinfo=UTC)
BROKEN = {"it is": Outcome("FAILED", "no")}


def run(stream: Path, day: int, outcomes: dict[str, Outcome] | None = None) -> Document:
    """A run of the feature that began on that day."""
    found = document(stream, FEATURE, outcomes or {})
    found.metadata.started = DAY + timedelta(days=day)
    return found


def after(stream: Path, *runs: dict[str, Outcome] | None) -> tuple[History, Pickle]:
    """The history of these runs, one a day, and the first promise as the last of them left it."""
    found = NO_HISTORY
    for day, outcomes in enumerate(runs):
        last = run(stream, day, outcomes)
        found = found.with_run(last)
    return found, next(last.pickles())


def test_a_broken_promise_says_since_when(stream: Path) -> None:
    past, pickle = after(stream, None, None, BROKEN, BROKEN, BROKEN)
    assert past.of(pickle) == "broken since 3 November 2026, 3 runs"
    assert past.sentence() == "2 of the last 5 runs, since 1 November 2026, broke no promise"


def test_what_broke_in_this_run_says_so(stream: Path) -> None:
    past, pickle = after(stream, None, BROKEN)
    assert past.of(pickle) == "broken since this run"


def test_what_was_broken_now_and_then_says_how_often_and_what_never_was_says_nothing(stream: Path) -> None:
    past, pickle = after(stream, BROKEN, None, BROKEN, None)
    assert past.of(pickle) == "broken in 2 of the last 4 runs"
    past, pickle = after(stream, None, None)
    assert past.of(pickle) == ""


def test_what_is_broken_again_says_how_often_it_was(stream: Path) -> None:
    past, pickle = after(stream, BROKEN, None, BROKEN)
    assert past.of(pickle) == "broken since this run, broken in 2 of the last 3 runs"


def test_a_first_run_has_no_history_to_tell_of(stream: Path) -> None:
    past, pickle = after(stream, BROKEN)
    assert past.of(pickle) == ""
    assert past.sentence() == ""


def test_what_takes_much_longer_than_usual_says_how_long_that_is(stream: Path) -> None:
    slow = run(stream, 2)
    pickle = next(slow.pickles())
    pickle.runs[0].seconds = 2.0
    past = after(stream, None, None)[0].with_run(slow)
    assert past.of(pickle) == "usually 7 ms"


def test_the_last_runs_are_kept_and_no_more(stream: Path) -> None:
    past, _pickle = after(stream, *[None] * (RUNS + 3))
    assert len(past.runs) == RUNS
    assert past.runs[0].started == DAY + timedelta(days=3)
    assert all(len(it.states) == RUNS for it in past.promises.values())


def test_a_run_that_is_published_again_is_there_once(stream: Path) -> None:
    past = after(stream, None, BROKEN)[0].with_run(run(stream, 1))
    assert [len(past.runs), past.promises["it.one"].states] == [2, "kk"]


def test_two_runs_in_one_second_are_two(stream: Path, tmp_path: Path) -> None:
    first, second = run(stream, 0), run(stream, 0)
    second.metadata.started = DAY + timedelta(milliseconds=400)
    past = NO_HISTORY.with_run(first).with_run(second)
    path = tmp_path / "history.json"
    path.write_text(past.text(), encoding="utf-8")
    assert len(history.read(path).runs) == 2


def test_it_is_read_as_it_was_written(stream: Path, tmp_path: Path) -> None:
    past, _pickle = after(stream, None, BROKEN)
    path = tmp_path / "history.json"
    path.write_text(past.text(), encoding="utf-8")
    assert history.read(path) == past
    assert history.is_history(path)
    assert history.read(tmp_path / "none.json") == NO_HISTORY
    empty = tmp_path / "empty.json"
    empty.write_text(NO_HISTORY.text(), encoding="utf-8")
    assert history.read(empty) == NO_HISTORY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"accord-history":2,"runs":[],"promises":{}}',
        '{"accord-history":1,"runs":[],"promises":{"a":["k",[7]]}}',
        '{"accord-history":1,"runs":[{"started":"soon","commit":""}],"promises":{}}',
        '{"accord-history":1,"runs":[{"started":"2026-11-01","commit":""}],"promises":{"a":["x",[7]]}}',
        '{"accord-history":1,"runs":[{"started":"2026-11-01","commit":""}],"promises":{"a":["k",["7"]]}}',
        '{"accord-history":1,"runs":[{"started":"2026-11-01T09',
    ],
)
def test_what_is_no_history_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"history\.json is not a history of Accord's, or is torn: "):
        history.read(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_history_that_is_a_directory_or_a_pipe_is_none(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe):
        assert not history.is_history(path)
        with pytest.raises(UsageError, match="is not a file"):
            history.read(path)


def test_histories_of_several_machines_are_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = PastRun(DAY, "a"), PastRun(DAY + timedelta(days=1), "b")
    for name, it in (
        ("one.json", History((first, second), {"one": Past("kb", (1, 2))})),
        ("two.json", History((second,), {"two": Past("f", (None,))})),
    ):
        tmp_path.joinpath(name).write_text(it.text(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["accord", "merge", "one.json", "two.json", "-o", "all.json"])
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    assert capsys.readouterr().out == "2 runs of 2 promises: all.json\n"
    assert history.read(tmp_path / "all.json") == History(
        (first, second), {"one": Past("kb", (1, 2)), "two": Past("-f", (None, None))}
    )


def test_the_page_shows_the_trend_and_the_file_has_the_run(stream: Path, tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    past, _pickle = after(stream, None, None)
    file.write_text(past.text(), encoding="utf-8")
    stream.write_text(ndjson(recorded({"a.feature": FEATURE}, BROKEN)), encoding="utf-8")
    rendering.write(stream, tmp_path, history=file)
    page = tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert "2 of the last 3 runs, since 1 November 2026, broke no promise" in page
    assert "broken since this run" in page
    assert [run.started.day for run in history.read(file).runs] == [1, 2, 12]
