"""`accord steps`: the sentences of a suite, with what was said by each."""

import json
import sys
from typing import Any

import pytest

from tests.helpers.project import Project

ACCORD = (sys.executable, "-c", "from accord.cli import main; main()")
STEPS = """
    @given(parsers.parse('the task "{title}"'))
    async def write(title): ...

    @given(parsers.cfparse("{count:Number} tasks", extra_types={"Number": int}))
    def write_many(count): ...

    @when(parsers.re(r"I (?P<what>open|close|delete) (the|that) task"))
    async def act(what):
        yield

    @step("I wait")
    def wait(): ...

    @then("it is there")
    def is_there(): ...

    @then("it is gone")
    def is_gone(): ...
"""
FEATURES = {
    "features/tasks/it.feature": """
        Feature: Tasks
          Background:
            Given the task "Buy milk"
          Scenario Outline: Each
            When I <what> the task
            And I wait
            Then it is there
            Examples:
              | what   |
              | open   |
              | delete |
    """,
    "features/many/it.feature": """
        Feature: Many
          Scenario: Some
            Given 3 tasks
            And the task "Buy bread"
            And I wait
            When I open that task
            Then it is there
    """,
}


@pytest.fixture
def suite(project: Project) -> Project:
    project.steps(STEPS)
    for path, text in FEATURES.items():
        project.feature(text, path)
    return project


def steps(project: Project, *arguments: str) -> list[dict[str, Any]]:
    """Return what `accord steps --json` says."""
    result = project.pytester.run(*ACCORD, "steps", "--json", *arguments)
    assert result.ret == 0, result.stderr.str()
    found: list[dict[str, Any]] = json.loads(result.stdout.str())["sentences"]
    return found


def words(found: list[dict[str, Any]]) -> list[str]:
    return [f"{sentence['kind']} {sentence['words']}" for sentence in found]


def test_sentences_are_listed_by_folder_and_kind_with_what_was_said_by_them(suite: Project) -> None:
    result = suite.pytester.run(*ACCORD, "steps")
    assert result.ret == 0
    assert result.outlines == [
        "features/many",
        "  Given",
        "    … tasks",
        "      count        3",
        "      for example  Given 3 tasks (features/many/it.feature:3)",
        "      defined      conftest.py:13, used once",
        "",
        "features/tasks",
        "  Given",
        '    the task "…"',
        "      title        Buy bread, Buy milk",
        '      for example  And the task "Buy bread" (features/many/it.feature:4)',
        "      defined      conftest.py:10, used 3 times, 1 of them in features/many",
        "  When",
        "    I … … task",
        "      what         open, delete; or close",
        "      2            that, the",
        "      for example  When I open that task (features/many/it.feature:6)",
        "      defined      conftest.py:16, used 3 times, 1 of them in features/many",
        "  Then",
        "    it is there",
        "      for example  Then it is there (features/many/it.feature:7)",
        "      defined      conftest.py:23, used 3 times, 1 of them in features/many",
        "  Any",
        "    I wait",
        "      for example  And I wait (features/many/it.feature:5)",
        "      defined      conftest.py:20, used 3 times, 1 of them in features/many",
        "",
        "Never used, in conftest.py",
        "  Then",
        "    it is gone",
        "      defined  conftest.py:26",
        "",
        "6 sentences, 1 of them never used.",
    ]


def test_sentences_are_searched_by_all_that_stands_in_the_list(suite: Project) -> None:
    assert words(steps(suite, "--search", "TASK", "milk")) == ['given the task "…"']
    assert words(steps(suite, "--search", "then it is")) == ["then it is gone", "then it is there"]
    assert words(steps(suite, "--search", "close")) == ["when I … … task"]
    assert steps(suite, "--search", "nowhere") == []
    result = suite.pytester.run(*ACCORD, "steps", "--search", "nowhere")
    assert (result.ret, result.outlines) == (0, ["0 sentences."])


def test_those_that_no_step_uses_are_listed(suite: Project) -> None:
    assert words(steps(suite, "--unused")) == ["then it is gone"]
    assert words(steps(suite, "features/tasks", "--unused")) == ["given … tasks", "then it is gone"]


def test_a_sentence_has_its_places_uses_and_gaps_as_json(suite: Project) -> None:
    [found] = steps(suite, "--search", "bread")
    assert found == {
        "kind": "given",
        "words": 'the task "…"',
        "pattern": 'the task "{title}"',
        "defined": {"file": "conftest.py", "line": 10},
        "uses": 3,
        "folders": {"features/many": 1, "features/tasks": 2},
        "gaps": [{"name": "title", "values": ["Buy bread", "Buy milk"], "choices": None}],
        "example": {"keyword": "And", "text": 'the task "Buy bread"', "file": "features/many/it.feature", "line": 4},
    }


def test_features_that_modules_bind_count_with_the_definitions_of_the_module(suite: Project) -> None:
    suite.pytester.makepyfile(
        test_bound="""
            from pytest_bdd import parsers, scenarios, then, when

            scenarios("features/many")

            @when(parsers.parse("I open {which} task"))
            def _(which): ...
        """
    )
    found = {sentence["pattern"]: sentence["uses"] for sentence in steps(suite, "--search", "when i")}
    assert found == {"I open {which} task": 1, r"I (?P<what>open|close|delete) (the|that) task": 2}


def test_modules_of_steps_that_no_conftest_names_count(project: Project) -> None:
    project.path.joinpath("steps").mkdir()
    project.path.joinpath("steps/pens.py").write_text(
        'from pytest_bdd import given\n\n\n@given("a pen")\ndef _(): ...\n'
    )
    project.path.joinpath("steps/broken.py").write_text("import pytest_bdd\nimport nowhere_to_be_found\n")
    project.scenario("Given a pen")
    result = project.pytester.run(*ACCORD, "steps")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["  Given", "    a pen"])
    said = (
        "steps/broken.py:2: steps/broken.py is not loaded, so that its steps are undefined: *: correct it. *not-loaded]"
    )
    result.stderr.fnmatch_lines([said])
    result = project.pytester.run(*ACCORD, "check")
    assert result.ret == 1
    result.stdout.fnmatch_lines([said, "2 faults in 1 feature file."])


def test_a_check_names_the_steps_of_the_only_module_where_that_is_not_loaded(project: Project) -> None:
    project.path.joinpath("steps").mkdir()
    project.path.joinpath("steps/pens.py").write_text("import pytest_bdd\n\ndef _() ...\n")
    project.scenario("Given a pen", "Then it writes")
    result = project.pytester.run(*ACCORD, "check")
    assert result.ret == 1
    why = "SyntaxError: * (steps/pens.py:3): correct it"
    undefined = f"no step definition says: *: it may be defined in steps/pens.py, which is not loaded: {why} *"
    result.stdout.fnmatch_lines(
        [
            f"it.feature:3: {undefined}",
            f"it.feature:4: {undefined}",
            f"steps/pens.py:3: steps/pens.py is not loaded, so that its steps are undefined: {why}. *",
        ]
    )


def test_what_an_annotation_allows_is_what_may_be_said(project: Project) -> None:
    project.steps("""
        import enum
        from typing import Literal

        class Colour(enum.Enum):
            RED = "red"
            BLUE = "blue"

        @given(parsers.parse("a {colour} pen that is {state} of {client}"))
        def _(colour: Colour, state: Literal["full", "empty"], client: str): ...
    """)
    project.scenario("Given a red pen that is full of ink")
    [found] = steps(project)
    assert [gap["choices"] for gap in found["gaps"]] == [["red", "blue"], ["full", "empty"], None]


def test_a_converter_that_fails_ends_nothing(project: Project) -> None:
    project.steps("""
        def fail(text):
            raise RuntimeError("no")

        @given(parsers.parse("{count:Number} pens", extra_types={"Number": fail}))
        def _(count): ...
    """)
    project.scenario("Given 3 pens", "Then it is")
    assert [(it["words"], it["uses"]) for it in steps(project)] == [("… pens", 0)]


def test_what_pytest_cannot_collect_is_shown(project: Project) -> None:
    project.path.joinpath("conftest.py").write_text("import nowhere_to_be_found\n")
    result = project.pytester.run(*ACCORD, "steps")
    assert result.ret == 1
    result.stderr.fnmatch_lines(["*No module named 'nowhere_to_be_found'*"])
