"""Runs in one file, or of several that are merged: each promise is there once, with all of its runs."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from accord.errors import UsageError
from accord.living_docs.model import Document
from accord.living_docs.reader import read
from accord.living_docs.state import State
from accord.recording.merge import merge
from accord.recording.renaming import renamed
from tests.helpers.documents import KIT, TASKS, told
from tests.helpers.recording import Json, Outcome, ndjson, recorded

CORPUS = Path(__file__).parents[1] / "corpus"
OTHER_TOOL = {"implementation": {"name": "other", "version": "1"}}
OTHERS = TASKS.replace("A task", "A note").replace("Tasks", "Notes")
FAILED = {"I write milk": Outcome("FAILED", "no milk")}


def a_run(
    features: dict[str, str], outcomes: dict[str, Outcome] | None = None, *, leave_out: Iterable[str] = ()
) -> list[Json]:
    """A run of another tool, whose ids are counted from 0."""
    return recorded(features, outcomes, leave_out=leave_out, meta=OTHER_TOOL)


def with_own_ids(messages: list[Json], name: str) -> list[Json]:
    """The same run with ids that no other has, as most tools give."""
    return [{kind: renamed(message, name) for kind, message in line.items()} for line in messages]


def merged(tmp_path: Path, *runs: list[Json]) -> Document:
    files = [tmp_path / f"{number}.ndjson" for number in range(len(runs))]
    for file, run in zip(files, runs, strict=True):
        file.write_text(ndjson(run), encoding="utf-8")
    merge(files, tmp_path / "all.ndjson")
    return read(tmp_path / "all.ndjson")


def found(document: Document) -> list[tuple[str, State, int]]:
    return [(pickle.name, pickle.state, len(pickle.runs)) for pickle in document.pickles()]


ONE, OTHER = "A task", "Titles"
SHARDS = [
    a_run({"a.feature": TASKS}, FAILED, leave_out=[ONE]),
    a_run({"a.feature": TASKS}, FAILED, leave_out=[OTHER]),
]
WHOLE = [("A task", State.KEPT, 1), ("Titles (milk)", State.BROKEN, 1), ("Titles (bread)", State.KEPT, 1)]


@pytest.mark.parametrize("names", [("", ""), (" of one", " of other")], ids=["counted", "own"])
def test_the_parts_of_a_run_are_the_whole_whatever_ids_they_have(
    tmp_path: Path, stream: Path, names: tuple[str, str]
) -> None:
    one, other = (with_own_ids(shard, name) for shard, name in zip(SHARDS, names, strict=True))
    document = told(stream, [*one, *other])
    assert found(document) == WHOLE
    assert len(document.chapters[0].features) == 1
    assert found(merged(tmp_path, one, other)) == WHOLE


@pytest.mark.parametrize("names", [("", ""), (" of one", " of other")], ids=["counted", "own"])
def test_a_promise_that_ran_in_both_has_both_runs_and_the_worst_counts(
    tmp_path: Path, stream: Path, names: tuple[str, str]
) -> None:
    kept, broken = (
        with_own_ids(a_run({"a.feature": TASKS}, outcomes), name)
        for outcomes, name in zip(({}, FAILED), names, strict=True)
    )
    for line in broken:
        for message in line.values():
            if "timestamp" in message:
                message["timestamp"] = {"seconds": message["timestamp"]["seconds"] + 60, "nanos": 0}
    expected = [("A task", State.KEPT, 2), ("Titles (milk)", State.BROKEN, 2), ("Titles (bread)", State.KEPT, 2)]
    assert found(told(stream, [*kept, *broken])) == expected
    assert found(told(stream, [*broken, *kept])) == expected
    assert found(merged(tmp_path, kept, broken)) == expected


def test_runs_of_other_features_with_the_same_ids_are_both_shown(tmp_path: Path, stream: Path) -> None:
    one, other = a_run({"a.feature": TASKS}), a_run({"b.feature": OTHERS}, FAILED)
    both = [
        *((name, State.KEPT) for name in ("A task", "Titles (milk)", "Titles (bread)")),
        *(("A note", State.KEPT), ("Titles (milk)", State.BROKEN), ("Titles (bread)", State.KEPT)),
    ]
    for document in (told(stream, [*one, *other]), merged(tmp_path, one, other)):
        assert [(name, state) for name, state, _runs in found(document)] == both
        assert document.problems == []


def test_a_file_of_two_runs_is_merged_into_one_that_can_be_read(tmp_path: Path) -> None:
    joined = [*a_run({"a.feature": TASKS}), *a_run({"b.feature": OTHERS})]
    assert len(found(merged(tmp_path, joined))) == 6


def test_a_feature_that_has_changed_in_between_is_shown_as_it_was_and_as_it_is(stream: Path) -> None:
    before = with_own_ids(a_run({"a.feature": TASKS}), " of one")
    after = with_own_ids(a_run({"a.feature": TASKS.replace("A task", "A new task")}), " of other")
    names = [pickle.name for pickle in told(stream, [*before, *after]).pickles()]
    assert names.count("A task") == names.count("A new task") == 1


def test_rules_backgrounds_and_examples_are_known_by_the_ids_of_both_runs(stream: Path) -> None:
    for name in ("rules-backgrounds", "examples-tables", "retry"):
        text = KIT[name].read_text(encoding="utf-8")
        stream.write_text(text, encoding="utf-8")
        once = read(stream)
        messages = [json.loads(line) for line in text.splitlines()]
        twice = told(stream, [*messages, *with_own_ids(messages, " again")])
        assert twice.counts() == once.counts()
        assert [len(pickle.runs) for pickle in twice.pickles()] == [2 * len(it.runs) for it in once.pickles()]


@pytest.mark.parametrize("name", ["pytest-bdd-ng", "reqnroll-step-hooks", "cucumber-js-8.11", "playwright-bdd"])
def test_a_file_that_is_merged_alone_says_the_same(tmp_path: Path, name: str) -> None:
    right = read(CORPUS / f"{name}.ndjson")
    merge([CORPUS / f"{name}.ndjson"], tmp_path / "all.ndjson")
    again = read(tmp_path / "all.ndjson")
    assert found(again) == found(right)
    assert again.problems == right.problems
    steps = [
        [[[step.source.text for step in run.steps] for run in it.runs] for it in document.pickles()]
        for document in (again, right)
    ]
    assert steps[0] == steps[1]


def test_a_copy_of_a_run_counts_once(tmp_path: Path) -> None:
    run = a_run({"a.feature": TASKS})
    assert [runs for _name, _state, runs in found(merged(tmp_path, run, run))] == [1, 1, 1]


def test_two_runs_of_the_same_ids_that_come_through_a_pipe_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    joined = ndjson([*a_run({"a.feature": TASKS}), *a_run({"b.feature": OTHERS})])
    command = [sys.executable, "-c", "from accord.cli import main; main()", "render", "-", "-o", str(tmp_path)]
    run = subprocess.run(command, input=joined, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert "write each run to a file of its own, and join them by `accord merge`" in run.stderr


def test_an_id_that_is_used_twice_in_one_run_is_an_error(stream: Path) -> None:
    messages = a_run({"a.feature": TASKS})
    [document] = [line["gherkinDocument"] for line in messages if "gherkinDocument" in line]
    first, second = (child["scenario"] for child in document["feature"]["children"])
    second["id"] = first["id"]
    with pytest.raises(UsageError, match=r"messages.ndjson:2 is not .*: the id '\d+' is used twice"):
        told(stream, messages)
