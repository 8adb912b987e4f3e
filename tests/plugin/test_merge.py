"""The records of several machines become one run's, in which nothing is lost and nothing counts twice."""

import json
from pathlib import Path

import pytest

from accord.errors import AccordError
from accord.living_docs.reader import read as document
from accord.living_docs.state import State
from accord.recording.merge import Merged, merge
from tests.helpers.messages import STEPS, of, outcome, read
from tests.helpers.project import Project

pytestmark = pytest.mark.usefixtures("publishing")


@pytest.fixture
def shards(project: Project) -> list[Path]:
    """The records of a run in two parts, and of the whole."""
    project.copy("orchard")
    records = []
    for number, selection in enumerate(("Quince or Medlar", "Sloe", "feature")):
        project.run("-k", selection)
        record = project.path / f"{number}.ndjson"
        project.path.joinpath("living-docs", "messages.ndjson").rename(record)
        records.append(record)
    return records


def merged(project: Project, *records: Path) -> Merged:
    return merge(records, project.path / "all.ndjson")


def test_the_parts_are_the_whole(project: Project, shards: list[Path]) -> None:
    first, second, whole = shards
    assert merged(project, first, second) == Merged(scenarios=12)
    joined = read(project.path / "all.ndjson")
    assert outcome(joined) == outcome(read(whole))
    assert {kind: len(of(kind, joined)) for kind in ("source", "pickle", "stepDefinition", "meta", "testCase")} == {
        kind: len(of(kind, read(whole))) for kind in ("source", "pickle", "stepDefinition", "meta", "testCase")
    }
    assert [finished["success"] for finished in of("testRunFinished", joined)] == [True]


def test_a_record_that_is_named_twice_is_read_once(project: Project, shards: list[Path]) -> None:
    first, second, whole = shards
    merged(project, first, second, first)
    assert outcome(read(project.path / "all.ndjson")) == outcome(read(whole))


def test_a_record_may_take_the_place_of_one_that_went_into_it(project: Project, shards: list[Path]) -> None:
    first, second, whole = shards
    merge([first, second], into=first)
    assert outcome(read(first)) == outcome(read(whole))


def test_of_a_scenario_that_ran_twice_the_last_attempt_counts_and_the_document_says_so(project: Project) -> None:
    project.scenario("Given a step", "Then it breaks")
    record = project.path / "living-docs" / "messages.ndjson"
    project.steps(STEPS + '@pytest.fixture(autouse=True)\ndef late():\n    yield\n    raise OSError("no disk")\n')
    project.run()
    record.rename(broken := project.path / "broken.ndjson")
    project.steps(STEPS.replace("assert 1 == 2", "assert 1 == 1"))
    project.run()
    record.rename(kept := project.path / "kept.ndjson")
    # The order of the records is that of the runs, not of the words on the command line.
    result = project.pytester.run("accord", "merge", str(kept), str(broken), "-o", "all.ndjson")
    result.stdout.fnmatch_lines(["1 promise of 2 files: all.ndjson", "1 of them ran more than once: *"])
    told = read(project.path / "all.ndjson")
    assert [started["attempt"] for started in of("testCaseStarted", told)] == [0, 1]
    assert [finished["willBeRetried"] for finished in of("testCaseFinished", told)] == [True, False]
    project.pytester.run("accord", "render", "all.ndjson", "-o", "docs").stdout.fnmatch_lines(
        ["0 promises kept, 1 flaky"]
    )
    assert "attempt 1 of 2: one is not two" in Path(project.path, "docs", "index.html").read_text("utf-8")


@pytest.mark.parametrize("where", ["", "yield; "], ids=["set up", "torn down"])
def test_a_fixture_that_failed_in_the_first_attempt_alone_is_why_it_is_flaky(project: Project, where: str) -> None:
    project.scenario("Given a step", "Then it holds")
    record = project.path / "living-docs" / "messages.ndjson"
    project.steps(
        f'{STEPS}@pytest.fixture(autouse=True)\ndef late():\n    {where}print("why"); raise OSError("no disk")\n'
    )
    project.run()
    record.rename(project.path / "broken.ndjson")
    project.steps(STEPS)
    project.run()
    record.rename(project.path / "kept.ndjson")
    project.pytester.run("accord", "merge", "kept.ndjson", "broken.ndjson", "-o", "all.ndjson")
    [pickle] = document(project.path / "all.ndjson").pickles()
    assert (pickle.state, pickle.because) == (State.FLAKY, "OSError: no disk")
    [attempt] = pickle.runs[0].earlier
    assert [it.body for step in attempt.steps for it in step.attachments] == ["why\n"]


def test_what_one_part_did_not_come_to_and_another_did_is_run(project: Project, shards: list[Path]) -> None:
    first, _second, whole = shards
    cases = [{"id": case["id"], "pickleId": case["pickleId"], "testSteps": []} for case in of("testCase", read(whole))]
    told = [
        line
        for line in read(whole)
        if not {"testCase", "testRunFinished"} & set(line) and "testCaseStarted" not in str(line)
    ]
    end = [line for line in read(whole) if "testRunFinished" in line]
    never = project.path / "never.ndjson"
    lines = [*told, *({"testCase": case} for case in cases), *end]
    never.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    merged(project, never, first)
    found = outcome(read(project.path / "all.ndjson"))
    assert sum(bool(steps) for steps in found.values()) == 8
    assert len(found) == 12


@pytest.mark.parametrize("fault", ["missing", "ends early"])
def test_a_part_that_is_missing_or_torn_is_named_and_the_rest_is_merged(
    project: Project, shards: list[Path], fault: str
) -> None:
    _first, second, _whole = shards
    if fault == "missing":
        second.unlink()
    else:
        second.write_bytes(second.read_bytes()[:-30])
    result = project.pytester.run("accord", "merge", "0.ndjson", "1.ndjson", "-o", "all.ndjson")
    assert result.ret == 1
    result.stderr.fnmatch_lines([f"1.ndjson {fault}*".replace(" missing", " is missing")])
    [end] = of("testRunFinished", read(project.path / "all.ndjson"))
    assert (end["success"], "1.ndjson" in end["message"]) == (False, True)
    shown = project.pytester.run("accord", "render", "all.ndjson", "-o", "docs").stdout.str()
    assert "8 promises kept" in shown or "12 promises kept" in shown
    assert "1.ndjson" in project.path.joinpath("docs", "index.html").read_text(encoding="utf-8")


def test_messages_of_different_features_are_an_error(project: Project, shards: list[Path]) -> None:
    first, second, _whole = shards
    second.write_text(second.read_text(encoding="utf-8").replace("Scenario: Sloe", "Scenario: Plum"), encoding="utf-8")
    with pytest.raises(AccordError, match=r"1\.ndjson has another 0\.feature than those before: merge runs"):
        merged(project, first, second)
    assert not project.path.joinpath("all.ndjson").exists()


@pytest.mark.parametrize("text", ["[]\n", "nothing\n", '{"testCase": 1}\n'])
def test_what_is_not_a_messages_file_is_an_error_with_file_and_line(
    project: Project, shards: list[Path], text: str
) -> None:
    first, second, _whole = shards
    second.write_text(second.read_text(encoding="utf-8") + text, encoding="utf-8")
    lines = second.read_text(encoding="utf-8").count("\n")
    with pytest.raises(AccordError, match=rf"1\.ndjson:{lines} is not "):
        merged(project, first, second)


def test_lines_that_say_nothing_are_passed_over(project: Project, shards: list[Path]) -> None:
    first, second, whole = shards
    second.write_text(second.read_text(encoding="utf-8").replace("\n", "\n\n{}\n"), encoding="utf-8")
    assert merged(project, first, second) == Merged(scenarios=12)
    assert outcome(read(project.path / "all.ndjson")) == outcome(read(whole))


def test_where_there_is_no_record_nothing_is_written(project: Project) -> None:
    with pytest.raises(AccordError, match=r"There is no run to be merged: .*gone\.ndjson is missing\."):
        merged(project, project.path / "gone.ndjson")
