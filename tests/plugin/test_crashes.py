"""What became of each scenario is known although a worker, or the run, dies."""

import re

import pytest
from cucumber_messages import Envelope, message_converter

from tests.helpers.messages import messages, of, outcome, read
from tests.helpers.project import Project

pytestmark = pytest.mark.usefixtures("publishing")

DYING = """
import os

@given(parsers.parse("a {{number:d}}"))
async def _(number):
    if {condition}:
        os._exit(9)

@then("it holds")
async def _(): ...
"""


CRASHED = ["UNKNOWN", "UNKNOWN", "FAILED"]


@pytest.mark.parametrize(
    ("death", "how"),
    [
        ("os._exit(9)", "exit code 9"),
        ("os.kill(os.getpid(), 9)", "SIGKILL"),
        ("__import__('ctypes').string_at(0)", "SIGSEGV"),
    ],
)
def test_a_scenario_whose_worker_dies_is_broken_and_the_others_are_what_they_are(
    project: Project, death: str, how: str
) -> None:
    project.copy("orchard")
    project.steps(DYING.format(condition="number == 2").replace("os._exit(9)", death))
    result = project.run_process("-n", "2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["9 promises kept, 3 broken: *"])
    told = messages(project)
    assert len(of("testCase", told)) == 12
    assert sorted(outcome(told).values()) == 9 * [["PASSED", "PASSED"]] + 3 * [CRASHED]
    for message in told:
        assert message_converter.to_dict(message_converter.from_dict(message, Envelope)) == message
    summary = project.path.joinpath("living-docs", "summary.md").read_text(encoding="utf-8").replace("\\", "")
    assert len(re.findall(rf"until the end  \n  The worker gw\d of pytest-xdist crashed \({how}\)", summary)) == 3


def test_what_no_worker_came_to_before_all_had_died_is_not_run(project: Project) -> None:
    project.copy("orchard")
    project.steps(DYING.format(condition="True"))
    project.run_process("-n", "2", "--max-worker-restart=0").stdout.fnmatch_lines(["* not run: *"])
    statuses = list(outcome(messages(project)).values())
    assert statuses.count(CRASHED) + statuses.count([]) == 12
    assert 1 <= statuses.count(CRASHED) <= 2


def test_a_killed_run_leaves_what_it_had_done(project: Project) -> None:
    project.copy("orchard")
    project.steps(DYING.format(condition="number >= 2"))
    project.run_process("-p", "no:randomly")
    [left] = project.path.joinpath("living-docs").glob("messages.*.ndjson")
    assert sum(len(steps) == 2 for steps in outcome(read(left)).values()) == 6
