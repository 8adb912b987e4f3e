"""The file of the last runs: each run adds itself, and those of several machines are one."""

import json
import os
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from accord import cli
from accord.errors import UsageError
from accord.living_docs import history
from accord.living_docs.model import Document
from accord.living_docs.past_runs import NO_HISTORY, RUNS, History, Past, PastRun, joined
from tests.helpers.past import AWAY, BROKEN, DAY, SKIPPED, after, run
from tests.helpers.recording import Outcome, ndjson, recorded

FIRST, SECOND = PastRun(DAY, "a"), PastRun(DAY + timedelta(days=1), "b")


def written(path: Path, *contents: History | str) -> list[Path]:
    """Files of these contents, in that directory."""
    paths = [path / f"{number}.json" for number in range(len(contents))]
    for file, content in zip(paths, contents, strict=True):
        file.write_text("".join(history.lines(content)) if isinstance(content, History) else content, encoding="utf-8")
    return paths


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
    [path] = written(tmp_path, NO_HISTORY.with_run(first).with_run(second))
    assert len(history.read(path).runs) == 2


def test_what_did_not_run_is_absent_and_what_was_skipped_is_not_run(stream: Path) -> None:
    past, _pickle = after(stream, None, AWAY, SKIPPED)
    assert past.promises["it.one"].states == "k-n"


def test_it_is_read_as_it_was_written_however_that_is_laid_out(stream: Path, tmp_path: Path) -> None:
    past, _pickle = after(stream, None, BROKEN)
    past = joined([past, History((PastRun(DAY + timedelta(days=9), "c", "https://ci.example/9", is_part=True),))])
    path, empty = written(tmp_path, past, NO_HISTORY)
    other = tmp_path / "other.json"
    other.write_bytes(json.dumps(json.loads(path.read_bytes()), indent=2).replace("\n", "\r\n").encode())
    for file in (path, other):
        assert history.read(file) == past
        assert history.is_history(file)
    assert history.read(tmp_path / "none.json") == NO_HISTORY
    assert history.read(empty) == NO_HISTORY


RUN = '{"accord-history":1,"runs":[{"started":"2026-11-01","commit":""}],"promises":'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "\0\0\0",
        '{"accord-history":"1","runs":[],"promises":{}}',
        '{"accord-history":1,"runs":[],"promises":{"a":["k",[7]]}}',
        '{"accord-history":1,"runs":[{"started":"soon","commit":""}],"promises":{}}',
        RUN + '{"a":["x",[7]]}}',
        RUN + '{"a":["k",["7"]]}}',
        RUN + '{"a":["k",[7.5]]}}',
        RUN + '{"a":["k",[9000000000]]}}',
        RUN + '{\n"a":["k",[7]],\n"b":["k",[7]]\n',
        RUN + '{\n"a":["k",[7]],\n"b":["k",[7',
        RUN + '{\n"a":["k",[7]]\n}}\n"b":["k",[7]]\n}}\n',
        RUN + "{\n",
        '{"accord-history":1,"runs":[{"started":"2026-11-01T09',
    ],
)
def test_what_is_no_history_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    [path] = written(tmp_path, text)
    with pytest.raises(UsageError, match=r"0\.json is not a history of Accord's, or is torn: "):
        history.read(path)


def test_a_history_of_a_later_version_says_what_to_do(tmp_path: Path) -> None:
    [path] = written(tmp_path, '{"accord-history":2,"runs":[],"promises":{}}')
    with pytest.raises(UsageError, match=r"0\.json was written by a later Accord: update this one"):
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
    one = History((FIRST, SECOND), {"one": Past.of("kb", (1, 2))})
    files = written(tmp_path, one, History((SECOND,), {"two": Past.of("f", (None,))}))
    assert merged(monkeypatch, *files, into=tmp_path / "all.json") == 0
    assert capsys.readouterr().out == f"2 runs of 2 promises: {tmp_path / 'all.json'}\n"
    expected = {"one": Past.of("kb", (1, 2)), "two": Past.of("-f", (None, None))}
    assert history.read(tmp_path / "all.json") == History((FIRST, SECOND), expected)


def test_a_file_that_is_named_twice_is_taken_once_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = ndjson(recorded({"a.feature": "Feature: A\n  Scenario: One\n    * it is\n"}))
    files = written(tmp_path, History((FIRST,), {"one": Past.of("k", (1,))}), messages)
    monkeypatch.chdir(tmp_path)
    for file, said in zip(files, ("1 run of 1 promise", "1 promise of 1 file"), strict=True):
        assert merged(monkeypatch, file, Path(file.name), into=tmp_path / "all") == 0
        output = capsys.readouterr()
        assert output.err == f"{file.name} is named more than once, and is taken once.\n"
        assert output.out.startswith(f"{said}: ")


@pytest.mark.parametrize("order", [1, -1])
def test_what_a_history_is_not_merged_with_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: int
) -> None:
    known, torn = written(tmp_path, History((FIRST,), {"one": Past.of("k", (1,))}), "{")
    for other, said in ((torn, "is not a history of Accord's, or is torn"), (tmp_path / "no.json", "does not exist")):
        assert f"{other} {said}" in str(merged(monkeypatch, *(known, other)[::order], into=tmp_path / "all.json"))
    assert not tmp_path.joinpath("all.json").exists()


def merged(monkeypatch: pytest.MonkeyPatch, *files: Path, into: Path) -> object:
    """The exit code of `accord merge`, or what is wrong."""
    monkeypatch.setattr("sys.argv", ["accord", "merge", *map(str, files), "-o", str(into)])
    with pytest.raises(SystemExit) as exited:
        cli.main()
    return exited.value.code


def share(seconds: int, states: dict[str, str], *, commit: str = "b", build: str = "") -> History:
    """The history of a machine: the run before, which all have, and a share of a run that began so much later."""
    own = PastRun(SECOND.started + timedelta(seconds=seconds), commit, build)
    return History((FIRST, own), {slug: Past.of(letters, (1, 2)) for slug, letters in states.items()})


def states(found: History) -> dict[str, str]:
    return {slug: past.states for slug, past in found.promises.items()}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("build", ["", "https://ci.example/7"])
def test_the_shares_of_a_run_are_one_run(tmp_path: Path, build: str, order: int) -> None:
    first = share(0, {"one": "kk", "two": "k-", "three": "k-"}, build=build)
    second = share(9, {"one": "k-", "two": "kb", "three": "k-"}, build=build)
    found = history.merge(written(tmp_path, *[first, second][::order]), tmp_path / "all.json")
    assert [run.started for run in found.runs] == [FIRST.started, SECOND.started]
    assert states(found) == {"one": "kk", "two": "kb", "three": "k-"}


def test_the_shares_of_several_runs_are_as_many_runs(tmp_path: Path) -> None:
    def own(minutes: float, promise: str) -> History:
        runs = tuple(PastRun(DAY + timedelta(minutes=minutes + number * 60), "a") for number in range(3))
        return History(runs, {promise: Past.of("kbk", (1, 2, 3))})

    found = history.merge(written(tmp_path, own(0, "one"), own(5, "two")), tmp_path / "all.json")
    assert [run.started for run in found.runs] == [DAY + timedelta(hours=number) for number in range(3)]
    assert states(found) == {"one": "kbk", "two": "kbk"}


def test_runs_of_one_commit_and_build_on_one_machine_are_as_many_runs(stream: Path, tmp_path: Path) -> None:
    past = NO_HISTORY
    for number in range(3):
        document = run(stream, number, BROKEN if number == 1 else None)
        document.metadata.url = "https://ci.example/7"
        past = past.with_run(document)
    found = history.merge(written(tmp_path, past, past), tmp_path / "all.json")
    assert found == past
    assert [past.promises["it.one"].states, {run.build for run in past.runs}] == ["kbk", {"https://ci.example/7"}]


@pytest.mark.parametrize(
    ("commit", "build", "both"),
    [("c", "", False), ("b", "https://ci.example/8", False), ("b", "", True)],
)
def test_other_commits_other_builds_and_runs_of_the_same_promises_are_runs_of_their_own(
    tmp_path: Path, commit: str, build: str, *, both: bool
) -> None:
    first = share(0, {"one": "kk"}, build="https://ci.example/7" if build else "")
    second = share(9, {"one" if both else "two": "kk"}, commit=commit, build=build)
    assert len(history.merge(written(tmp_path, first, second), tmp_path / "all.json").runs) == 3


@pytest.mark.parametrize(
    ("attempts", "state"),
    [("bk", "f"), ("kb", "b"), ("fk", "f"), ("kk", "k"), ("bb", "b"), ("kn", "k"), ("nk", "k"), ("uk", "k")],
)
@pytest.mark.parametrize("order", [1, -1])
def test_of_a_promise_that_ran_twice_in_a_build_the_last_attempt_counts(
    tmp_path: Path, attempts: str, state: str, order: int
) -> None:
    both = [share(9 * number, {"one": f"k{it}"}, build="https://ci.example/7") for number, it in enumerate(attempts)]
    found = history.merge(written(tmp_path, *both[::order]), tmp_path / "all.json")
    assert states(found) == {"one": f"k{state}"}


def of_a_part(stream: Path, outcomes: dict[str, Outcome], *days: int) -> Document:
    """The first run, of which the first promise was run again on these days, at last with this outcome."""
    found = run(stream, 0, outcomes)
    found.parts = [DAY + timedelta(days=day) for day in days]
    next(found.pickles()).runs[0].again = found.parts[-1]
    return found


def test_a_run_of_a_part_is_a_run_of_its_own_and_leaves_those_before(stream: Path) -> None:
    full = NO_HISTORY.with_run(run(stream, 0, BROKEN | {"it was": Outcome("FAILED", "no")}))
    part = full.with_run(of_a_part(stream, {}, 1))
    assert states(part) == {"it.one": "bk", "it.two": "b-"}
    assert [run.is_part for run in part.runs] == [False, True]
    again = part.with_run(of_a_part(stream, BROKEN, 1, 2))
    assert states(again) == {"it.one": "bkb", "it.two": "b--"}
    assert states(again.with_run(run(stream, 3, BROKEN))) == {"it.one": "bkbb", "it.two": "b--k"}


def test_a_full_run_that_a_history_does_not_know_is_not_taken_from_the_run_of_a_part(stream: Path) -> None:
    # That was broken in it, and is mended by the part: nothing of that is left in the messages.
    past = NO_HISTORY.with_run(of_a_part(stream, {}, 1))
    assert states(past) == {"it.one": "k"}
    assert [run.is_part for run in past.runs] == [True]


def test_very_many_runs_of_a_part_take_no_full_run_away(stream: Path) -> None:
    past = NO_HISTORY.with_run(run(stream, 0))
    for day in range(1, RUNS + 5):
        past = past.with_run(of_a_part(stream, {}, day))
    assert [run.is_part for run in past.runs] == [False] + [True] * RUNS


def test_the_past_of_a_promise_goes_with_it_to_its_new_address(stream: Path) -> None:
    past, _pickle = after(stream, BROKEN, None)
    renamed = run(stream, 2)
    next(renamed.pickles()).slug = "it.uno"
    for _time in range(2):
        # The second time it is published again.
        past = past.with_run(renamed, {"it.one": "it.uno"})
        assert states(past) == {"it.uno": "bkk", "it.two": "kkk"}


def test_a_run_that_is_shown_again_knows_nothing_of_later_ones(stream: Path) -> None:
    past, _pickle = after(stream, None, BROKEN, None)
    then = past.until(run(stream, 1, BROKEN))
    assert [len(then.runs), then.promises["it.one"].states] == [2, "kb"]
    assert past.until(run(stream, 2)) == past


def test_very_many_promises_take_little_room() -> None:
    runs = tuple(PastRun(DAY + timedelta(days=day), "") for day in range(RUNS))
    tracemalloc.start()
    try:
        past = History(runs, {str(number): Past.of("k" * RUNS, range(number, number + RUNS)) for number in range(9999)})
        assert tracemalloc.get_traced_memory()[0] < 9999 * 350
        joined([past, History((PastRun(DAY + timedelta(days=RUNS), ""),), {"0": Past.of("k", (1,))})])
        # That before and that after are there at once.
        assert tracemalloc.get_traced_memory()[1] < 9999 * 800
    finally:
        tracemalloc.stop()
