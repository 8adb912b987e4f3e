"""A process that a step forks and that comes back into the run is ended, and nothing of the run is lost."""

import json
import os

import pytest

from tests.helpers.project import Project

pytestmark = [
    pytest.mark.usefixtures("publishing"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
]

STEPS = """
import multiprocessing
import os
import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

app = FastAPI()
child = None


def forked():
    global child
    if (child := os.fork()) == 0:
        return True
    return False


@app.get("/async")
async def fork_async() -> None:
    forked()


@app.get("/thread")
def fork_in_thread() -> None:
    forked()


@pytest.fixture(scope="session")
async def engine(database_url):
    engine = create_async_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def db(engine, isolation):
    async with isolation.session(engine) as session:
        yield session


@pytest.fixture
def forking_fixture():
    forked()


@given("a row")
async def _(db):
    await db.execute(text("CREATE TEMPORARY TABLE it AS SELECT 1 AS number"))
    await db.commit()


@when("it forks")
def _():
    forked()


@when("it forks and the child fails")
def _():
    assert not forked(), "in the child"


@when("it forks and the child exits")
async def _():
    if forked():
        raise SystemExit(0)


@when("it forks and the child asks the database")
async def _(db):
    forked()
    assert await db.scalar(text("SELECT number FROM it")) == 1


@when("a fixture forks")
def _(forking_fixture): ...


@when(parsers.parse("the app forks in {path}"))
async def _(db, isolation, path):
    async with httpx.AsyncClient(transport=isolation.transport(app), base_url="http://it") as client:
        assert (await client.get(path)).status_code == 200


@then("the child was ended")
async def _(db):
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    assert await db.scalar(text("SELECT number FROM it")) == 1


def add(one, other):
    return one + other


@then("a process of multiprocessing does its work")
async def _():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(add, (1, 2)) == 3
"""
SENTENCES = {
    "it forks": "When it forks",
    "it forks and the child fails": "AssertionError",
    "it forks and the child exits": "When it forks and the child exits",
    "it forks and the child asks the database": "asks the database",
    "a fixture forks": "When a fixture forks",
    "the app forks in /async": "When the app forks in /async",
    "the app forks in /thread": "When the app forks in /thread",
}


@pytest.mark.parametrize("hook", ["pytest_runtest_logfinish", "pytest_sessionfinish"])
def test_a_child_of_a_hook_publishes_nothing(project: Project, hook: str) -> None:
    scenarios = "".join(f"  Scenario: {name}\n    Given it is\n    Then it is\n" for name in ("One", "Two"))
    project.feature(f"Feature: It\n{scenarios}")
    project.steps(f"import os\n@step('it is')\ndef _(): ...\ndef {hook}():\n    os.wait() if os.fork() else None\n")
    result = project.run_process("-p", "no:randomly")
    assert [line for line in result.outlines if "kept" in line] == ["2 promises kept: living-docs/index.html"]
    assert sorted(path.name for path in project.path.joinpath("living-docs").iterdir()) == [
        "index.html",
        "messages.ndjson",
        "summary.md",
    ]


@pytest.mark.parametrize("arguments", [[], ["-s"], ["-n", "1"]])
def test_a_child_that_comes_back_into_the_run_is_ended_and_the_run_goes_on(
    project: Project, arguments: list[str]
) -> None:
    scenarios = "".join(
        f"  Scenario: {sentence}\n    Given a row\n    When {sentence}\n    Then the child was ended\n"
        for sentence in SENTENCES
    )
    last = "  Scenario: last\n    Then a process of multiprocessing does its work\n"
    project.feature(f"Feature: It\n{scenarios}{last}")
    project.steps(STEPS)
    result = project.run_process("-p", "no:randomly", *arguments)
    result.assert_outcomes(passed=8)
    ended = [line for line in result.errlines + result.outlines if "came back into the run" in line]
    assert len(ended) == len(SENTENCES)
    for line, words in zip(ended, SENTENCES.values(), strict=True):
        assert words in line
    record = project.path.joinpath("living-docs", "messages.ndjson").read_text(encoding="utf-8").splitlines()
    assert sum("testCaseFinished" in json.loads(line) for line in record) == 8
    assert sorted(path.name for path in project.path.joinpath("living-docs").iterdir()) == [
        "index.html",
        "messages.ndjson",
        "summary.md",
    ]
