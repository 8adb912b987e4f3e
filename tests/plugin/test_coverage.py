"""What a run says at its end of the responses that its scenarios did not cover."""

import pytest

from tests.helpers.project import Project

UNKNOWN = """
        Feature: Numbers
          Scenario: No number
            When I ask for /tasks/seven
            Then I get 422
"""


@pytest.fixture
def suite(project: Project) -> Project:
    """A small suite, in which one response is not covered and one operation has no scenario."""
    project.copy("contract")
    return project


FIGURE = "contract: scenarios cover 2 of 4 documented responses, 50 %"
GAPS = ["  GET /health: 200, since no scenario asks for it", "  GET /tasks/{number}: 422"]


def test_a_whole_run_names_what_no_scenario_covers(suite: Project) -> None:
    result = suite.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"{FIGURE}, and not these:", *GAPS], consecutive=True)


@pytest.mark.parametrize("selection", [["-k", "found"], ["features/tasks.feature"]])
def test_a_run_of_some_tests_says_so_in_one_line(suite: Project, selection: list[str]) -> None:
    result = suite.run(*selection)
    result.stdout.fnmatch_lines([f"{FIGURE}; -v names the others."])
    result.stdout.no_fnmatch_line("*GET /health*")


def test_a_run_of_some_tests_that_is_verbose_names_what_is_missing(suite: Project) -> None:
    suite.run("-k", "found", "-v").stdout.fnmatch_lines([f"{FIGURE}, and not these:", *GAPS], consecutive=True)


def test_too_little_coverage_fails_the_run_and_names_what_is_missing(suite: Project) -> None:
    result = suite.run("-k", "found", "--accord-fail-under-coverage=50.5")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=2)
    wanted = f"{FIGURE}, and 50.5 % are asked for. Write scenarios for these, or correct the document:"
    result.stdout.fnmatch_lines([wanted, *GAPS], consecutive=True)


def test_enough_coverage_does_not_fail_the_run(suite: Project) -> None:
    assert suite.run("--accord-fail-under-coverage=50").ret == 0


def test_what_the_workers_of_xdist_cover_is_added_up(suite: Project) -> None:
    suite.feature(UNKNOWN, "features/numbers.feature")
    result = suite.run_process("-n", "2", "--accord-fail-under-coverage=100")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=3)
    figure = "contract: scenarios cover 3 of 4 documented responses, 75 %, and 100 % are asked for*"
    result.stdout.fnmatch_lines([figure, GAPS[0]], consecutive=True)


def test_a_violation_in_a_scenario_is_one_sentence_without_a_traceback(suite: Project) -> None:
    suite.feature(UNKNOWN.replace("seven", "5"), "features/wrong.feature")
    result = suite.run("features/wrong.feature")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "The step `When I ask for /tasks/5` (features/wrong.feature:3) got a 500 for GET /tasks/5: "
            "ResponseValidationError: 1 validation error: *; GET /tasks/5 answered 500, and *says 200, 404, 422*"
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*conftest.py*")


def test_a_run_whose_scenarios_have_no_contract_covers_nothing(suite: Project) -> None:
    suite.change("conftest.py", ", Contract(app.openapi())", "")
    silent = suite.run()
    assert silent.ret == 0
    silent.stdout.no_fnmatch_line("contract:*")
    result = suite.run("--accord-fail-under-coverage=1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["contract: no scenario's response was checked against one*"])
