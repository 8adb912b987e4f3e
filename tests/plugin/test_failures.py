"""A failure is told right, whatever its error does when it is asked, and in full once, however many meet it."""

import json
from typing import Any

import pytest

from tests.helpers.project import Project

HOWS = ("error", "number", "recursion", "exit", "ctrl-c")


def failures(project: Project) -> dict[str, str]:
    """Return the message of each failure, by the name of its scenario."""
    lines = project.path.joinpath("living-docs", "messages.ndjson").read_text(encoding="utf-8").splitlines()
    told: list[tuple[str, dict[str, Any]]] = [item for line in lines for item in json.loads(line).items()]
    names = {it["id"]: it["name"] for kind, it in told if kind == "pickle"}
    cases = {it["id"]: names[it["pickleId"]] for kind, it in told if kind == "testCase"}
    attempts = {it["id"]: cases[it["testCaseId"]] for kind, it in told if kind == "testCaseStarted"}
    return {
        attempts[it["testCaseStartedId"]]: it["testStepResult"]["message"]
        for kind, it in told
        if kind == "testStepFinished" and "message" in it["testStepResult"]
    }


@pytest.mark.usefixtures("publishing")
def test_an_error_whose_text_cannot_be_had_fails_its_scenario_and_nothing_else(project: Project) -> None:
    project.copy("odd_errors")
    ways = ("it is raised", "it is raised in a group", "it is raised from another", "a task fails with it unseen")
    scenarios = [
        f"  Scenario: {way}, {how}\n    Given an error whose text is {how}\n    Then {way}\n"
        for way in ways
        for how in HOWS
    ] + [
        f"  Scenario: it is compared, {how}\n    Given an error whose text is {how}\n    Then it is compared\n"
        for how in HOWS[:4]
    ]
    project.feature("Feature: It\n" + "".join(scenarios) + "  Scenario: last\n    Then all is well\n")
    result = project.run_process()
    result.assert_outcomes(passed=1, failed=24)
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    told = failures(project)
    assert len(told) == 24
    assert told["it is raised, error"] == "<Odd has no text: asked for it, it raises ValueError>"
    assert told["it is raised, exit"].startswith(
        "it.feature:13: Odd: <Odd has no text: asked for it, it raises SystemExit>"
    )
    assert told["it is raised in a group, exit"] == "all of them (2 sub-exceptions)"
    assert (
        "failed with <Odd has no text: asked for it, it raises ValueError>"
        in told["a task fails with it unseen, error"]
    )


FAILING = """
import pytest_asyncio

class OutOfInk(Exception): ...

@pytest{plugin}.fixture(scope="{scope}")
{kind}def ink():
    raise OutOfInk("there is no ink\\nnot a drop")
    yield

@given("ink")
{kind}def _(ink): ...

@then("it writes")
async def _(): ...
"""
TWO = "".join(f"  Scenario: {name}\n    Given ink\n    Then it writes\n" for name in ("S1", "S2"))


@pytest.mark.usefixtures("publishing")
@pytest.mark.parametrize(("plugin", "kind"), [("", ""), ("_asyncio", "async ")])
@pytest.mark.parametrize("scope", ["session", "module", "class"])
def test_a_fixture_of_many_scenarios_that_fails_is_shown_once(
    project: Project, scope: str, plugin: str, kind: str
) -> None:
    project.feature("Feature: It\n" + TWO)
    project.pytester.makepyfile(test_plain="def test_plain(ink): ...")
    project.steps(FAILING.format(scope=scope, plugin=plugin, kind=kind))
    result = project.run("-p", "no:cacheprovider")
    told = failures(project)
    line = (
        "The fixture `ink` (conftest.py:14) failed: OutOfInk: there is no ink; "
        "shown in full at the scenario `S1` (it.feature:2)."
    )
    assert told == {"S1": "there is no ink\nnot a drop", "S2": line}
    assert result.outlines.count(line) == 1
    # What is no scenario shows what pytest shows.
    assert sum(text.startswith("E ") and text.endswith("OutOfInk: there is no ink") for text in result.outlines) == 2


@pytest.mark.usefixtures("publishing")
@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "workers"])
def test_a_database_that_cannot_be_prepared_stops_the_run_and_is_shown_once(
    project: Project, workers: list[str]
) -> None:
    project.copy("failing_preparation")

    result = project.run_process(*workers)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes()
    output = result.stdout.str() + result.stderr.str()
    assert output.count("Traceback") == 1
    assert output.count("await connection.execute(text('CREATE") == 1
    assert "site-packages" not in output
    assert "accord/" not in output
    assert result.outlines[-1].startswith(
        "! _pytest.outcomes.Exit: The run's database cannot be prepared (conftest.py:15): DBAPIError: "
    )
    # Nothing ran, so that nothing is published.
    assert not project.path.joinpath("living-docs").exists()


def test_an_error_of_the_system_in_what_prepares_the_database_is_not_blamed_on_accord(project: Project) -> None:
    project.copy("failing_preparation")
    project.change("conftest.py", "engine = create_async_engine(url)", "open('seed.sql')")

    result = project.run_process()

    assert result.outlines[-1].strip("! ") == (
        "_pytest.outcomes.Exit: The run's database cannot be prepared (conftest.py:12): "
        "FileNotFoundError: [Errno 2] No such file or directory: 'seed.sql': correct that."
    )


def test_what_prepares_the_database_may_end_the_run_with_a_sentence_of_its_own(project: Project) -> None:
    project.copy("failing_preparation")
    project.change(
        "conftest.py", "engine = create_async_engine(url)", "from accord import UsageError; raise UsageError('Not so.')"
    )

    result = project.run_process()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in result.stdout.str()
    assert result.outlines[-1].strip("! ") == "_pytest.outcomes.Exit: Not so."
