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


def test_what_prepares_the_database_answers_for_its_own_failure(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    project.copy("failing_preparation")
    result = project.run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E * PostgreSQL from the wheel comes without this extension: set ACCORD_DATABASE_URL *",
            "The fixture `prepare_database` (conftest.py:11) failed: *no-such-thing*; shown in full at *",
        ]
    )
