"""A failure is told right, whatever its error does when it is asked, and in full once, however many meet it."""

import json
from typing import Any

import pytest

from accord.basics.failures import named, text_of
from tests.helpers.project import Project

ODD = """
class Odd(Exception):
    def __init__(self, how):
        super().__init__()
        self.how = how

    def __str__(self):
        if self.how == "recursion":
            return str(self)
        if self.how == "number":
            return 3
        raise {"exit": SystemExit, "ctrl-c": KeyboardInterrupt, "error": ValueError}[self.how]("no text")

    __repr__ = __str__

    def __eq__(self, other):
        raise self

    __hash__ = None


@given(parsers.parse("an error whose text is {how}"), target_fixture="odd")
def _(how):
    return Odd(how)


@then("it is raised")
async def _(odd):
    raise odd


@then("it is raised in a group")
async def _(odd):
    raise ExceptionGroup("all of them", [odd, ExceptionGroup("more", [odd])])


@then("it is raised from another")
async def _(odd):
    raise LookupError("another") from odd


@then("it is compared")
async def _(odd):
    assert odd is None


@then("a task fails with it unseen")
async def _(odd):
    async def fail():
        raise odd
    asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    import gc
    gc.collect()


@then("all is well")
async def _(): ...
"""
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
    project.steps(ODD)
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


def test_what_an_error_says_is_its_own_text_where_it_has_one() -> None:
    assert text_of(ValueError("a\nb")) == "a\nb"
    assert text_of(ValueError("a"), repr) == "ValueError('a')"
    assert named(ValueError("a\nb")) == "ValueError: a"
    assert named(ValueError()) == "ValueError"
    assert len(named(ValueError("a" * 1000))) < 250


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


PREPARING = """
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

@pytest.fixture(scope="session")
def prepare_database():
    async def make(url):
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                await connection.execute(text('CREATE EXTENSION "no-such-thing"'))
        finally:
            await engine.dispose()
    return make

@given("ink")
def _(database_url): ...

@then("it writes")
async def _(): ...
"""


def test_what_prepares_the_database_answers_for_its_own_failure(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    project.feature("Feature: It\n" + TWO)
    project.steps(PREPARING)
    result = project.run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E * PostgreSQL from the wheel comes without this extension: set DATABASE_URL *",
            "The fixture `prepare_database` (conftest.py:15) failed: *no-such-thing*; shown in full at *",
        ]
    )
