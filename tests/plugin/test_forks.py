"""A process that a step forks and that comes back into the run is ended, and nothing of the run is lost."""

import json
import os

import pytest

from tests.helpers.project import PUBLISHED, Project

pytestmark = [
    pytest.mark.usefixtures("publishing"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
]

# What is said of each child, in the order of the scenarios.
SENTENCES = [
    "When it forks",
    "AssertionError",
    "When it forks and the child exits",
    "asks the database",
    "When a fixture forks",
    "When the app forks in /async",
    "When the app forks in /thread",
]


@pytest.mark.parametrize("hook", ["pytest_runtest_logfinish", "pytest_sessionfinish"])
def test_a_child_of_a_hook_publishes_nothing(project: Project, hook: str) -> None:
    scenarios = "".join(f"  Scenario: {name}\n    Given it is\n    Then it is\n" for name in ("One", "Two"))
    project.feature(f"Feature: It\n{scenarios}")
    project.steps(f"import os\n@step('it is')\ndef _(): ...\ndef {hook}():\n    os.wait() if os.fork() else None\n")
    result = project.run_process("-p", "no:randomly")
    assert [line for line in result.outlines if "kept" in line] == ["2 promises kept: living-docs/index.html"]
    assert {path.name for path in project.path.joinpath("living-docs").iterdir()} == PUBLISHED


@pytest.mark.parametrize("arguments", [[], ["-s"], ["-n", "1"]])
def test_a_child_that_comes_back_into_the_run_is_ended_and_the_run_goes_on(
    project: Project, arguments: list[str]
) -> None:
    project.copy("forks")
    result = project.run_process(*arguments)
    result.assert_outcomes(passed=8)
    ended = [line for line in result.errlines + result.outlines if "came back into the run" in line]
    assert len(ended) == len(SENTENCES)
    for line, words in zip(ended, SENTENCES, strict=True):
        assert words in line
    record = project.path.joinpath("living-docs", "messages.ndjson").read_text(encoding="utf-8").splitlines()
    assert sum("testCaseFinished" in json.loads(line) for line in record) == 8
    assert {path.name for path in project.path.joinpath("living-docs").iterdir()} == PUBLISHED
