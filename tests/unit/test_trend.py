"""The trend of the last runs: a drawing, a sentence, and what was in each of them."""

import re
from array import array
from datetime import timedelta
from pathlib import Path

from accord.living_docs import history, rendering
from accord.living_docs.past_runs import History, Past, PastRun
from accord.living_docs.state import State
from accord.living_docs.trend import HEIGHT, trend
from tests.helpers.past import BROKEN, DAY, FEATURE, after
from tests.helpers.recording import ndjson, recorded

RUNS = tuple(PastRun(DAY + timedelta(days=day), "") for day in range(2))


def drawn(*columns: str) -> list[dict[str, float]]:
    """The heights of the parts of each column, of promises in these states."""
    promises = {str(number): Past.of(states, (1, 1)) for number, states in enumerate(zip(*columns, strict=True))}
    found = trend(History(RUNS, promises))
    assert found
    return [{part.state.key: part.height for part in column.parts} for column in found.columns]


def test_a_sentence_says_how_many_runs_broke_no_promise(stream: Path) -> None:
    found = trend(after(stream, None, None, BROKEN, BROKEN, BROKEN)[0])
    assert found
    assert found.sentence == "2 of the last 5 runs, since 1 November 2026, broke no promise"
    assert trend(after(stream, BROKEN)[0]) is None


def test_where_all_runs_are_of_one_day_the_first_is_named_by_its_time_and_commit(stream: Path) -> None:
    found = trend(after(stream, None, BROKEN, days=0.125)[0])
    assert found
    assert found.sentence == "1 of the last 2 runs, since 1 November 2026, 09:00 UTC (3f2a91c), broke no promise"


def test_each_column_says_which_run_it_is_and_what_was_in_it(stream: Path) -> None:
    found = trend(after(stream, None, BROKEN)[0])
    assert found
    assert [(column.when, column.run.short_commit, column.sentence) for column in found.columns] == [
        ("1 November 2026, 09:00:00 UTC", "3f2a91c", "2 kept"),
        ("2 November 2026, 09:00:00 UTC", "3f2a91c", "1 kept, 1 broken"),
    ]


def test_each_state_that_there_is_can_be_seen() -> None:
    [first, second] = drawn("b" * 4 + "k" * 216, "bfun" + "k" * 216)
    assert first == {"kept": HEIGHT - 2, "broken": 2}
    assert first["broken"] >= 2
    assert all(second[state.key] >= 2 for state in State)
    for column in (first, second):
        assert round(sum(column.values()), 6) == HEIGHT


def test_a_column_is_as_high_as_its_run_had_promises() -> None:
    [full, less] = drawn("k" * 200, "k" * 150 + "-" * 50)
    assert [full, less] == [{"kept": HEIGHT}, {"kept": HEIGHT * 3 / 4}]
    [full, nothing] = drawn("k" * 200, "-" * 200)
    assert nothing == {}


def test_runs_of_a_part_are_no_columns() -> None:
    part = PastRun(DAY + timedelta(days=2), "", is_part=True)
    found = trend(History((*RUNS, part), {"one": Past.of("kkb", (1, 1, 1))}))
    assert found
    assert len(found.columns) == 2
    assert found.sentence == "2 of the last 2 full runs, since 1 November 2026, broke no promise"
    assert trend(History((RUNS[0], part), {"one": Past.of("kb", (1, 1))})) is None


def test_the_page_shows_the_trend_and_the_file_has_the_run(stream: Path, tmp_path: Path) -> None:
    file = tmp_path / "new" / "history.json"
    file.parent.mkdir()
    past, _pickle = after(stream, None, None)
    file.write_text("".join(history.lines(past)), encoding="utf-8")
    stream.write_text(ndjson(recorded({"a.feature": FEATURE}, BROKEN)), encoding="utf-8")
    rendering.write(stream, tmp_path, history=file)
    page = tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert "2 of the last 3 runs, since 1 November 2026, broke no promise" in page
    assert "<title>12 November 2026, 14:03:00 UTC, 3f2a91c: 1 kept, 1 broken</title>" in page
    assert re.search(r'<th scope="row">2 November 2026, 09:00:00 UTC<td><bdi>3f2a91c</bdi><td>2 kept\n', page)
    assert "broken since this run" in page
    assert [run.started.day for run in history.read(file).runs] == [1, 2, 12]


def test_a_promise_shows_at_its_place_what_the_last_runs_say_of_it(stream: Path, tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    past, _pickle = after(stream, BROKEN, None)
    past.promises["it.two"].times[:] = array("i", [1, 1])
    file.write_text("".join(history.lines(past)), encoding="utf-8")
    slow = recorded({"a.feature": FEATURE})
    last = next(it for it in reversed(slow) if "testCaseFinished" in it)["testCaseFinished"]
    last["timestamp"] = {"seconds": last["timestamp"]["seconds"] + 2, "nanos": 0}
    stream.write_text(ndjson(slow), encoding="utf-8")
    rendering.write(stream, tmp_path, history=file)
    page = tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert '<p class="st">kept, 7\xa0ms, broken in 1 of the last 3 runs\n' in page
    assert '<p class="st">kept, 2.0\xa0s, usually 1 ms\n' in page
    assert "<td>2.0 s, usually 1 ms\n" in page
    rendering.write(stream, tmp_path)
    assert "usually" not in tmp_path.joinpath("index.html").read_text(encoding="utf-8")


def test_a_history_is_begun_in_a_folder_that_is_not_there_yet(stream: Path, tmp_path: Path) -> None:
    stream.write_text(ndjson(recorded({"a.feature": FEATURE})), encoding="utf-8")
    rendering.write(stream, tmp_path, history=tmp_path / "cache" / "accord" / "history.json")
    assert len(history.read(tmp_path / "cache" / "accord" / "history.json").runs) == 1
