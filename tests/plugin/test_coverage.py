"""What a run says at its end of the responses that its scenarios did not cover."""

from textwrap import dedent

import pytest

from accord.living_docs.index import operations
from accord.living_docs.reader import read
from tests.helpers.project import SETTINGS, Project

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
            "ResponseValidationError: response: * (conftest.py:18) in the step `When I ask for /tasks/5` "
            "(features/wrong.feature:3): GET /tasks/5 answered 500, and *says 200, 404, 422*"
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


# How much must be documented.

REFUSALS = """
        Feature: Refusals
          Scenario: Signing in with a wrong password
            When I ask for /secrets/7
            Then I get 401

          Scenario: Signing in once more
            When I ask for /secrets/8
            Then I get 401

          Scenario: Somewhere
            When I ask for /nowhere
            Then I get 404
"""
REFUSING = """

@app.get("/secrets/{number}")
async def secret(number: int) -> None:
    raise HTTPException(401)
"""
LISTED = [
    "contract: 2 responses are not in the app's OpenAPI document. Document them, "
    'or set accord_contract = "strict" to have them fail:',
    "  GET /nowhere 404",
    "  GET /secrets/{number} 401",
]


@pytest.fixture
def refusing(suite: Project) -> Project:
    """That suite, and scenarios of statuses that are not documented."""
    suite.change("conftest.py", "\n\n@pytest_asyncio", f"{REFUSING}\n\n@pytest_asyncio")
    suite.feature(REFUSALS, "features/refusals.feature")
    return suite


def mode(project: Project, name: str) -> None:
    project.settings(SETTINGS + f"accord_contract = {name}\n")


def test_a_status_of_the_4xx_class_that_is_not_documented_is_listed_and_fails_nothing(refusing: Project) -> None:
    result = refusing.run("-k", "Signing or Somewhere")
    assert result.ret == 0
    result.stdout.fnmatch_lines(LISTED, consecutive=True)


def test_what_is_documented_must_be_as_documented_by_default(suite: Project) -> None:
    suite.feature(UNKNOWN.replace("seven", "5"), "features/wrong.feature")
    suite.run("features/wrong.feature").assert_outcomes(failed=1)


def test_what_the_workers_of_xdist_saw_that_is_not_documented_is_listed_once(refusing: Project) -> None:
    result = refusing.run_process("-n", "2")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(LISTED, consecutive=True)


def test_a_strict_run_fails_for_what_is_not_documented(refusing: Project) -> None:
    mode(refusing, "strict")
    result = refusing.run()
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(["*GET /secrets/7 answered 401, and the app's OpenAPI document says 200, 422: *"])
    result.stdout.no_fnmatch_line("contract: 2 responses are not*")


def test_a_run_that_is_off_checks_and_counts_nothing(refusing: Project) -> None:
    mode(refusing, "off")
    refusing.feature(UNKNOWN.replace("seven", "5").replace("422", "500"), "features/wrong.feature")
    result = refusing.run()
    result.assert_outcomes(passed=6)
    result.stdout.no_fnmatch_line("contract:*")


def test_a_run_that_is_off_covers_too_little_and_says_why(refusing: Project) -> None:
    mode(refusing, "off")
    result = refusing.run("--accord-fail-under-coverage=1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ['contract: with accord_contract = "off" no response is checked, and none counts as covered: set it to*']
    )


@pytest.mark.parametrize("name", ["Strict", "on", ""])
def test_another_mode_is_a_usage_error_that_names_the_three(suite: Project, name: str) -> None:
    mode(suite, name)
    result = suite.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f'ERROR: accord_contract = "{name}" is not *: say "strict", "documented" or "off".'])


def test_a_scenario_that_is_tagged_no_contract_is_neither_checked_nor_counted(refusing: Project) -> None:
    mode(refusing, "strict")
    tagged = REFUSALS.replace("Feature: Refusals", "@no_contract\n        Feature: Refusals")
    refusing.feature(tagged, "features/refusals.feature")
    refusing.feature(UNKNOWN.replace("Scenario:", "@no_contract\n          Scenario:"), "features/numbers.feature")
    result = refusing.run()
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["contract: scenarios cover 2 of 6 documented responses, 33 %, and not these:"])
    result.stdout.no_fnmatch_line("*not in the app's OpenAPI document*")


def test_a_test_that_is_marked_no_contract_is_not_checked(suite: Project) -> None:
    mode(suite, "strict")
    suite.path.joinpath("test_it.py").write_text(
        dedent("""
            import pytest

            @pytest.mark.no_contract
            async def test_away(client):
                assert (await client.get("/nowhere")).status_code == 404

            async def test_checked(client):
                await client.get("/nowhere")
        """),
        encoding="utf-8",
    )
    suite.run("test_it.py").assert_outcomes(passed=1, failed=1)


def test_formats_are_not_checked_where_the_project_says_so(suite: Project) -> None:
    suite.change(
        "conftest.py", "async def health() -> int:\n    return 1", "async def health() -> Any:\n    return 'x'"
    )
    suite.change("conftest.py", '@app.get("/health")', '@app.get("/health", responses={200: SOON})')
    suite.change(
        "conftest.py",
        "app = FastAPI()",
        "from typing import Any\n"
        'SOON = {"content": {"application/json": {"schema": {"format": "date-time"}}}}\n'
        "app = FastAPI()",
    )
    suite.feature(UNKNOWN.replace("/tasks/seven", "/health").replace("422", "200"), "features/numbers.feature")
    suite.run("features/numbers.feature").assert_outcomes(failed=1)
    suite.settings(SETTINGS + "accord_contract_formats = false\n")
    suite.run("features/numbers.feature").assert_outcomes(passed=1)


@pytest.mark.usefixtures("publishing")
def test_the_document_shows_what_is_not_documented_and_what_mounted_apps_promise(refusing: Project) -> None:
    refusing.change(
        "conftest.py",
        "\n\n@pytest_asyncio",
        '\n\nmounted = FastAPI()\nmounted.get("/count")(secret)\nmounted.get("/total", response_model=int)(health)\n'
        'app.mount("/v1", mounted)\n\n\n@pytest_asyncio',
    )
    scenarios = REFUSALS.replace("/secrets/7", "/v1/count?number=1")
    nowhere = "/nowhere/at/all?token=x\n            Then I get 404"
    scenarios = scenarios.replace("/secrets/8\n            Then I get 401", nowhere)
    refusing.feature(scenarios, "features/refusals.feature")
    assert refusing.run("features/refusals.feature").ret == 0
    found = read(refusing.path / "living-docs" / "messages.ndjson")
    listed = {
        f"{operation.name} {response.status}": (response.documented, [pickle.name for pickle in response.pickles])
        for operation in operations(found)
        for response in operation.responses
    }
    assert listed == {
        "GET /health 200": (True, []),
        "GET /tasks/{number} 200": (True, []),
        "GET /tasks/{number} 404": (True, []),
        "GET /tasks/{number} 422": (True, []),
        "GET /secrets/{number} 200": (True, []),
        "GET /secrets/{number} 422": (True, []),
        "GET /v1/count 200": (True, []),
        "GET /v1/count 401": (False, ["Signing in with a wrong password"]),
        "GET /v1/count 422": (True, []),
        "GET /v1/total 200": (True, []),
        "GET /nowhere 404": (False, ["Somewhere"]),
        "GET /nowhere/at/all 404": (False, ["Signing in once more"]),
    }
    page = refusing.path.joinpath("living-docs", "index.html").read_text(encoding="utf-8")
    assert "401, not documented" in page
