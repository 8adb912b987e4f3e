"""Workers share scenarios as they go; machines by what each takes, and the shares are the whole."""

from pathlib import Path

import pytest

from accord.recording.merge import merge
from tests.helpers.messages import of, outcome, read
from tests.helpers.project import Project

pytestmark = pytest.mark.usefixtures("publishing")

STEPS = """
import time

@given(parsers.parse("{milliseconds:d} ms of work"))
async def _(milliseconds):
    time.sleep(milliseconds / 1000)

@then("it is done")
async def _(): ...
"""


@pytest.fixture
def whole(project: Project) -> Path:
    """The record of a run of six scenarios, the first of which takes as long as all others."""
    told = "".join(
        f"  Scenario: Work of {work} ms, number {number}\n    Given {work} ms of work\n    Then it is done\n"
        for number, work in enumerate((400, 50, 50, 50, 50, 50))
    )
    project.feature(f"Feature: Work\n{told}")
    project.steps(STEPS)
    project.run().assert_outcomes(passed=6)
    return project.path.joinpath("living-docs", "messages.ndjson").rename(project.path / "whole.ndjson")


def ran(record: Path) -> set[str]:
    """Return the ids of the test cases that ran."""
    return {started["testCaseId"] for started in of("testCaseStarted", read(record))}


def shares(project: Project, *arguments: str) -> list[Path]:
    """Run both shares, and return their records."""
    records = []
    for group in ("1", "2"):
        project.run("--splits", "2", "--group", group, f"--accord-docs=share{group}", *arguments)
        records.append(project.path / f"share{group}" / "messages.ndjson")
    return records


def test_shares_take_as_long_as_each_other_by_what_the_baseline_says(project: Project, whole: Path) -> None:
    assert [len(ran(record)) for record in shares(project)] == [3, 3]

    first, second = shares(project, "--accord-baseline", str(whole))

    assert [len(ran(record)) for record in (first, second)] == [1, 5]
    assert merge([first, second], project.path / "all.ndjson").faults == []
    assert outcome(read(project.path / "all.ndjson")) == outcome(read(whole))


def test_workers_share_in_the_same_way(project: Project, whole: Path) -> None:
    first, second = shares(project, "--accord-baseline", str(whole), "-n", "2")
    assert [len(ran(record)) for record in (first, second)] == [1, 5]


def test_a_baseline_that_is_not_a_messages_file_is_an_error(project: Project, whole: Path) -> None:
    broken = project.path / "broken.ndjson"
    broken.write_text('{"testCaseStarted":{}}\n', encoding="utf-8")
    for record, said in (
        (broken, "broken.ndjson:1 is not a valid"),
        (Path("gone"), "gone cannot be read"),
    ):
        result = project.run("--splits", "2", "--group", "1", "--accord-baseline", str(record))
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*{said}*"])


def test_the_slowest_scenarios_are_shown_by_their_names(project: Project, whole: Path) -> None:
    project.run("--durations=1").stdout.re_match_lines([r"0\.\d+s call +it\.feature::Work of 400 ms, number 0"])
