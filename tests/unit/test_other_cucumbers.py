"""What is read of other Cucumbers' messages: as many of each state as Cucumber's own formatters count."""

import json
from collections import Counter
from pathlib import Path

import pytest

from accord.living_docs import rendering
from accord.living_docs.model import Document, Pickle
from accord.living_docs.reader import read
from accord.living_docs.run import Attachment, Step
from accord.living_docs.state import State
from tests.helpers.documents import KIT

CORPUS = Path(__file__).parents[1] / "corpus"
STREAMS = KIT | {path.stem: path for path in CORPUS.glob("*.ndjson")}
COUNTS: dict[str, dict[str, int]] = json.loads(CORPUS.joinpath("counts.json").read_text(encoding="utf-8"))
# Cucumber has no word for what is flaky: it has passed.
STATUSES = {
    "PASSED": "kept",
    "FAILED": "broken",
    "AMBIGUOUS": "broken",
    "UNDEFINED": "broken",
    "PENDING": "not yet implemented",
    "SKIPPED": "not run",
}


def named(document: Document, name: str) -> Pickle:
    [found] = [pickle for pickle in document.pickles() if pickle.name == name]
    return found


def attached(pickle: Pickle) -> list[Attachment]:
    return [it for run in pickle.runs for step in run.steps for it in step.attachments]


def has_results(steps: list[Step]) -> bool:
    return any(step.status != "UNKNOWN" for step in steps)


@pytest.mark.parametrize("name", COUNTS)
def test_as_many_are_of_each_state_as_cucumbers_own_query_counts(name: str) -> None:
    counted: Counter[str] = Counter()
    for status, count in COUNTS[name].items():
        counted[STATUSES[status]] += count
    # Those without a single result are none of Cucumber's count.
    pickles = [it for it in read(STREAMS[name]).pickles() if it.run and has_results(it.run.steps)]
    states = Counter("kept" if it.state is State.FLAKY else it.state.value for it in pickles)
    assert states == counted


def test_each_stream_is_counted() -> None:
    # Cucumber's own query finds no result of pytest-bdd-ng's.
    assert COUNTS.keys() | {"pytest-bdd-ng"} == STREAMS.keys()


def test_a_run_of_reqnroll_with_hooks_around_steps_is_what_it_was() -> None:
    document = read(STREAMS["reqnroll-step-hooks"])
    assert document.sentence() == "5 promises kept, 3 broken, 1 flaky, 1 not yet implemented"
    [flaky] = document.flaky()
    assert flaky.name == "It passes when it is tried again"


def test_a_hook_without_a_result_is_not_shown_among_the_steps(tmp_path: Path) -> None:
    rendering.write(STREAMS["reqnroll-step-hooks"], tmp_path)
    assert "<em>unknown</em>" not in tmp_path.joinpath("index.html").read_text(encoding="utf-8")


def test_a_step_that_another_one_calls_is_no_step_that_did_not_run() -> None:
    pickle = named(read(STREAMS["reqnroll-step-hooks"]), "Filled by one step that calls another")
    assert pickle.state is State.KEPT


@pytest.mark.parametrize("name", ["cucumber-js-12", "cucumber-js-13-parallel"])
def test_attachments_of_every_attempt_are_kept(name: str) -> None:
    pickle = named(read(STREAMS[name]), "Flaky at attempt 3")
    assert pickle.state is State.FLAKY
    assert pickle.run
    attempts = [*pickle.run.earlier, pickle.run]
    bodies = [[it.body for step in attempt.steps for it in step.attachments] for attempt in attempts]
    assert bodies == [
        ["attempt 1", "once more"],
        ["attempt 2", "once more"],
        ["attempt 3", "the end"],
    ]
    assert [attempt.why for attempt in pickle.run.earlier] == ["attempt 1 fails", "attempt 2 fails"]


def test_attempts_may_be_told_in_any_order(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in STREAMS["retry"].read_text(encoding="utf-8").splitlines()]
    started = {it["testCaseStarted"]["id"]: it["testCaseStarted"] for it in lines if "testCaseStarted" in it}

    # All of the last attempts first: of two machines nobody knows whose messages come first.
    def attempt(message: dict[str, dict[str, str]]) -> int:
        [body] = message.values()
        begun = body if "testCaseStarted" in message else started.get(body.get("testCaseStartedId", ""))
        return 0 if begun is None else -int(begun["attempt"])

    head = [it for it in lines if not attempt(it) and "testRunFinished" not in it]
    first = sorted((it for it in lines if attempt(it)), key=attempt)
    cases = [number for number, it in enumerate(head) if "testCaseStarted" in it]
    mixed = [*head[: cases[0]], *[it for it in head if "testCase" in it], *first, *head[cases[0] :], lines[-1]]
    path = tmp_path / "mixed.ndjson"
    path.write_text("".join(json.dumps(it) + "\n" for it in mixed), encoding="utf-8")
    assert read(path).counts() == read(STREAMS["retry"]).counts()


def test_an_empty_id_is_none(tmp_path: Path) -> None:
    text = STREAMS["reqnroll-step-hooks"].read_text(encoding="utf-8")
    path = tmp_path / "empty.ndjson"
    log = '"text/x.cucumber.log+plain",'
    path.write_text(text.replace(log, f'{log}"testCaseStartedId":"","testStepId":"",'), encoding="utf-8")
    assert [it.body for it in read(path).attachments] == ["the shop opens"]


def test_a_definition_that_is_a_lambda_of_java_is_named_by_its_file() -> None:
    places = [sentence.place for sentence in read(STREAMS["cucumber-jvm-parallel"]).sentences]
    assert "LambdaSteps.java:20" in places
    assert "shop.BasketSteps.step1" in places


def test_a_run_of_pytest_bdd_ng_with_reruns_is_what_it_was() -> None:
    document = read(STREAMS["pytest-bdd-ng"])
    assert document.problems == []
    assert {pickle.name: pickle.state.value for pickle in document.pickles()} == {
        "Kept": "kept",
        "Broken": "broken",
        "Pending": "broken",
        "Skipped": "not run",
        "Undefined": "not run",
        "Ambiguous": "not run",
        "Flaky at attempt 2": "flaky",
        "Flaky at attempt 9": "broken",
        "Attachments": "kept",
    }
    assert all(len(pickle.runs) == 1 for pickle in document.pickles())
    assert [it.name for it in attached(named(document, "Attachments"))] == ["dot.png", "milk.json"]


def test_the_definitions_of_cucumber_node_are_listed_once_and_none_is_blank() -> None:
    sentences = read(STREAMS["cucumber-node"]).sentences
    assert sorted((sentence.words, sentence.uses) for sentence in sentences) == [
        ("a list", 10),
        ("a step", 4),
        ("it attaches", 1),
        ("it fails", 1),
        ("it is pending", 1),
        ("it is skipped", 1),
        ("it passes at attempt …", 2),
    ]
