"""Editors find the step of a sentence and offer sentences, for they read step modules without running them."""

import json
import re
from pathlib import Path

import pytest

from accord.steps.definitions import DEFINITIONS
from tests.helpers.editor import editor_of
from tests.helpers.services import Written, written

__all__ = ["written"]

ROOT = Path(__file__).parents[2]
CREATING = "features/tasks/creating.feature"
SERVICE = """
    from fastapi import FastAPI

    app = FastAPI(title="Weather")


    @app.get("/forecasts")
    async def forecasts() -> list[str]:
        return ["sunny"]
"""
CONFTEST = """
    from enum import Enum
    from typing import Literal

    from parse import with_pattern
    from pytest_bdd import given, parsers, then, when


    @with_pattern(r"open|in progress")
    def state(words):
        return words


    @given(parsers.parse('the task "{title}"'))
    def write(title): ...


    @given(parsers.parse("{count:d} tasks are {state:State}", extra_types={"State": state}))
    def write_many(count, state): ...


    @when(parsers.cfparse("I {action} it"))
    def act(action: Literal["open", "drop (for good)"]): ...


    @then(parsers.re("it is (?P<what>gone|there)"))
    def look(what): ...


    LATE = "it is late"


    @then(LATE)
    def be_late(): ...


    @then("it is " "early")
    def be_early(): ...


    @then(r"it is raw")
    def be_raw(): ...


    @then("it is 'at \\"rest\\"'")
    def be_at_rest(): ...


    @then("it is " + "added")
    def be_added(): ...


    @then(parsers.parse("it costs {price:.2f}"))
    def cost(price): ...


    @then(
        parsers.parse(
            "it is fine"  # Mostly.
        )
    )
    def be_fine(): ...


    @then(parsers.parse(  # As a rule.
        "it is good",  # Or not.
    ))
    def be_good(): ...


    @then(
        parsers.parse(
            "it is better",  # As a rule.
        )
    )
    def be_better(): ...


    @then("it is mine/yours")
    def belong(): ...
"""
FEATURE = """
    Feature: Tasks
      As me

      Scenario: A
        Given the task "a"
        When I open it
        Then it is gone
"""


async def test_each_sentence_of_this_suite_is_offered_and_leads_to_its_step(request: pytest.FixtureRequest) -> None:
    definitions = list(request.config.stash[DEFINITIONS].visible_to([request.node]))
    own = {it.parser.name for it in definitions if it.kind == "then" and it.function.__module__.startswith("steps.")}
    async with editor_of(ROOT) as editor:
        offered = await editor.completions(CREATING, "Then the task")
        assert own <= offered.keys()
        assert offered['the task "{title}" is described as "{description}"'] == (
            'the task "${1:title}" is described as "${2:description}"'
        )
        assert ("steps/tasks.py", "async def assert_state(") in {
            (file, line[: len("async def assert_state(")])
            for file, line in await editor.definitions(CREATING, 'Then the task "Buy milk" is open')
        }
        [(file, line)] = await editor.definitions(CREATING, "Given it is 09:30")
        assert (file, line.partition("(")[0]) == ("steps/clock.py", "def set_clock")


async def test_the_steps_of_a_suite_that_init_wrote_are_found(written: Written) -> None:
    written.write({"main.py": SERVICE})
    assert written.init().returncode == 0
    feature = "features/forecasts.feature"
    async with editor_of(written.path) as editor:
        assert await editor.definitions(feature, "When I ask") == {
            ("steps/forecasts.py", "async def ask_for_forecasts(client: httpx.AsyncClient) -> httpx.Response:")
        }
        assert await editor.completions(feature, "When I") == {"I ask for the forecasts": "I ask for the forecasts"}
    ended = written.init("--editor")
    assert ended.stdout.splitlines()[-1] == "VS Code finds 2 of 2 step definitions."
    assert settings(written)["cucumber.glue"] == ["steps/**/*.py"]


async def test_the_code_that_a_run_shows_is_found(written: Written) -> None:
    written.write({"features/tasks.feature": FEATURE})
    run = written.pytest("features", "--accord-snippets", "steps/tasks.py", "--accord-docs=")
    assert "steps/tasks.py" in run.stdout
    async with editor_of(written.path) as editor:
        found = await editor.definitions("features/tasks.feature", 'Given the task "a"')
        assert {file for file, _line in found} == {"steps/tasks.py"}


@pytest.fixture
def suite(written: Written) -> Written:
    """A suite that is there already, with what VS Code does not find in it."""
    written.write({"tests/conftest.py": CONFTEST, "tests/it/tasks.feature": FEATURE})
    return written


def settings(project: Written, name: str = "settings") -> dict[str, object]:
    found: dict[str, object] = json.loads((project.path / ".vscode" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_settings_have_the_files_and_what_each_field_takes(suite: Written) -> None:
    before = suite.contents()
    ended = suite.init("--editor")
    assert (ended.returncode, ended.stderr) == (0, "")
    found = settings(suite)
    types = found.pop("cucumber.parameterTypes")
    assert isinstance(types, list)
    assert found == {"cucumber.features": ["tests/it/**/*.feature"], "cucumber.glue": ["tests/**/*.py"]}
    taken = {it["name"]: it["regexp"] for it in types}
    assert re.fullmatch(taken.pop("count:d"), "12")
    assert taken == {"action": r"open|drop \(for good\)", "state:State": "open|in progress", "title": ".+?"}
    assert settings(suite, "extensions") == {"recommendations": ["CucumberOpen.cucumber-official"]}
    assert suite.contents().items() >= before.items()
    second = suite.init("--editor")
    assert second.stdout.splitlines()[:2] == [
        ".vscode/settings.json has it all.",
        ".vscode/extensions.json has it all.",
    ]


def test_what_is_not_found_is_named_with_the_reason(suite: Written) -> None:
    said = suite.init("--editor").stdout
    assert "VS Code finds 5 of 14 step definitions, and not these:" in said
    for reason in (
        "`it is (?P<what>gone|there)`: it is a regular expression",
        "`it is late`: it is not one plain literal in the decorator, as in `@given(parsers.parse(",
        "`it is early`: it is not one plain literal",
        "`it is raw`: it is not one plain literal",
        "`it is 'at \"rest\"'`: it is not one plain literal",
        "`it costs {price:.2f}`: `.` stands for something else there",
        "`it is fine`: the comment beside it has VS Code find no step at all: put a comma between the two",
        "`it is good`: the comment beside it has VS Code find no step at all: put a comma between the two",
        "`it is mine/yours`: `/` stands for something else there",
    ):
        assert reason in said


def test_without_a_suite_or_with_one_that_cannot_be_loaded_nothing_is_written(written: Written) -> None:
    ended = written.init("--editor")
    assert ended.returncode == 1
    assert ended.stderr.endswith("no step definitions yet: `accord init` writes a first suite. Nothing is written.\n")
    assert written.init("--editor", "elsewhere").stderr == "elsewhere is not a directory: name that of the suite.\n"
    written.write({"conftest.py": "import nothing_of_that_name\n", "features/tasks.feature": FEATURE})
    ended = written.init("--editor")
    assert ended.returncode == 1
    assert "nothing_of_that_name" in ended.stderr
    assert ended.stderr.endswith("Nothing is written, since the suite cannot be loaded.\n")
    assert not (written.path / ".vscode").exists()
