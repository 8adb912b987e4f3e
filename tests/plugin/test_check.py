"""`accord check`: what is wrong with features and their definitions, how it is written down, and what it mends."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from sarif_pydantic import Level, Sarif

from tests.helpers.project import SETTINGS, Project

ACCORD = (sys.executable, "-c", "from accord.cli import main; main()")
STEPS = """
    @given(parsers.parse('the task "{title}"'))
    async def write(title): ...

    @when("I look")
    def look(): ...

    @then(parsers.re(r"there (?:is|are) (?P<count>[0-9]+) tasks?"))
    def count(count): ...
"""


@pytest.fixture
def suite(project: Project) -> Project:
    project.settings(SETTINGS + "\nmarkers =\n  slow\n")
    project.steps(STEPS)
    return project


def check(project: Project, *arguments: str) -> tuple[int, list[str]]:
    result = project.pytester.run(*ACCORD, "check", *arguments)
    return int(result.ret), result.outlines


RIGHT = """
    Feature: It
      Scenario: One
        Given the task "Buy milk"
        When I look
        Then there is 1 task
"""
AMBIGUOUS = """
    @given(parsers.parse('the {what} "{title}" is there'))
    def write_any(what, title): ...

    @given(parsers.parse('the task "{title}" is {where}'))
    def write_there(title, where): ...
"""


def test_a_path_without_a_feature_file_is_an_error(suite: Project) -> None:
    result = suite.pytester.run(*ACCORD, "check", "conftest.py")
    assert result.ret == 1
    said = "There is no feature file in conftest.py: name feature files, or folders with some."
    assert (result.outlines, result.errlines) == (["0 faults in 0 feature files."], [said])
    assert check(suite) == (0, ["0 faults in 0 feature files."])


def test_a_table_or_a_text_that_a_definition_takes_and_that_is_not_there_is_an_error(suite: Project) -> None:
    suite.more_steps("""
        @given("these tasks:")
        def _(datatable): ...

        @given("this note")
        def _(docstring): ...

        @given("these notes")
        def _(datatable=None): ...
    """)
    suite.feature(
        """
        Feature: It
          Scenario: One
            Given these tasks:
            And this note
            And these notes
            Then there is 1 task

          @wip
          Scenario: Two
            Given this note
            Then there is 1 task
        """,
        "a.feature",
    )
    assert check(suite, ".") == (
        1,
        [
            "a.feature:3: Given these tasks: its step definition (conftest.py:27) takes a table under the step: write "
            "it there, or remove the argument `datatable`. [missing-table]",
            'a.feature:4: And this note: its step definition (conftest.py:30) takes a text between lines of """ under '
            "the step: write it there, or remove the argument `docstring`. [missing-table]",
            "2 faults in 1 feature file.",
        ],
    )


def test_what_a_run_fails_for_is_an_error(suite: Project) -> None:
    suite.more_steps(AMBIGUOUS)
    suite.feature(RIGHT.replace("I look", "I lok"), "a.feature")
    suite.feature(RIGHT.replace("I look", "I look\n      | a |"), "b.feature")
    suite.feature(RIGHT.replace("Then there is 1 task", "And I look"), "c.feature")
    suite.feature(RIGHT.replace('milk"', 'milk" is there'), "d.feature")
    assert check(suite, ".") == (
        1,
        [
            "a.feature:4: no step definition says: When I lok: it differs from `I look` (conftest.py:13) only by "
            "`lok`, which is `look` there [undefined-step]",
            "b.feature:4: When I look: its definition (conftest.py:13) does not take the table under it: add an "
            "argument `datatable`, or remove the table. [unused-table]",
            'c.feature:2: the scenario "One" has no Then, so it checks nothing: say what must have happened. [no-then]',
            'd.feature:3: 2 step definitions say: Given the task "Buy milk" is there: conftest.py:27 and '
            "conftest.py:30: reword or remove all but one. [ambiguous-step]",
            "3 faults and 1 undefined step in 4 feature files.",
        ],
    )


def test_columns_that_no_step_uses_and_rows_that_are_there_twice_are_warnings(suite: Project) -> None:
    suite.feature("""
        Feature: It
          Background:
            Given the task "<one>"
          Scenario Outline: <name>
            When I look
            Then there are <count> tasks
            Examples:
              | one | name | count | note |
              | a   | b    | 3     | x    |
              | b   | a    | 3     | x    |
            Examples: More
              | count | one | name | note |
              | 3     | a   | b    | x    |
          # accord: ignore[unused-column]
          Scenario Outline: Two
            Then there are <count> tasks
            Examples:
              | count | note |
              | 3     | x    |
    """)
    assert check(suite, "it.feature") == (
        0,
        [
            'it.feature:8: warning: no step uses the column "note": write <note> in one, or in the name of the '
            "outline, or remove it. [unused-column]",
            'it.feature:12: warning: no step uses the column "note": write <note> in one, or in the name of the '
            "outline, or remove it. [unused-column]",
            "it.feature:13: warning: this row is the same as that in line 9: remove one, or correct it. [double-row]",
            "0 faults and 3 warnings in 1 feature file.",
        ],
    )


def test_definitions_that_no_step_uses_or_that_say_nearly_the_same_are_warnings(suite: Project) -> None:
    suite.feature(RIGHT)
    suite.more_steps("""
        @when("I look.")
        def look_again(): ...

        @step(parsers.parse("the task '{title}'"))
        def write_more(title): ...

        @when('I leave')
        @when('I leaves')
        def leave(): ...
    """)
    status, lines = check(suite)
    assert status == 0
    assert [line.partition(": ")[2] for line in lines[:-1]] == [
        "warning: `the task \"…\"` and `the task '…'` (conftest.py:30) differ only by signs or capitals: have one "
        "definition for both. [near-double]",
        "warning: `I look` and `I look.` (conftest.py:27) differ only by signs or capitals: have one definition for "
        "both. [near-double]",
        "warning: no step says `I look.`: remove it, or write a step that does. [unused-definition]",
        "warning: no step says `the task '…'`: remove it, or write a step that does. [unused-definition]",
        "warning: no step says `I leave`: remove it, or write a step that does. [unused-definition]",
        "warning: no step says `I leaves`: remove it, or write a step that does. [unused-definition]",
    ]
    # Of some features nobody can tell.
    assert check(suite, "it.feature") == (0, ["0 faults in 1 feature file."])
    suite.settings(SETTINGS + "\naccord_ignore = near-double unused-definition\n")
    assert check(suite) == (0, ["0 faults in 1 feature file."])


def test_a_feature_to_which_no_definition_is_visible_has_no_undefined_steps(project: Project) -> None:
    project.feature(RIGHT)
    assert check(project) == (0, ["0 faults in 1 feature file."])


def test_what_a_module_binds_is_looked_up_where_it_is_bound(project: Project) -> None:
    project.feature(RIGHT.replace("I look", "I lok"))
    project.pytester.makepyfile(
        test_it="from pytest_bdd import given, parsers, scenarios, then, when\nscenarios('it.feature')\n"
        "@given(parsers.parse('the task {title}'))\ndef write(title): ...\n"
        "@when('I look')\ndef look(): ...\n"
        "@then('there is 1 task')\ndef count(): ...\n"
    )
    status, lines = check(project)
    assert status == 1
    assert [line.rpartition("[")[2] for line in lines[:-1]] == ["undefined-step]", "unused-definition]"]


FIXES = {
    "a misspelt keyword": ("When I look", "Whn I look"),
    "a keyword that ends in a colon": ("    Given the", "    Given: the"),
    "a keyword in small letters": ("    Given the", "    given the"),
    "a misspelt title": ("Scenario: One", "Scenaro: One"),
    "a title without a colon": ("Scenario: One", "Scenario One"),
    "a misspelt feature": ("Feature: It", "Feeture: It"),
    "two spaces": ("When I look", "When I  look"),
    "a space of another kind": ("When I look", "When I\u00a0look"),
    "a full stop": ("1 task\n", "1 task.\n"),
    "quotes of another kind": ('the task "Buy milk"', "the task \u201cBuy milk\u201d"),
    "capitals of a tag": ("  Scenario: One", "  @Slow @slow\n  Scenario: One"),
    "several": ("When I look\n    Then there is", "Whn I  look\n    Thn there  is"),
}


TEXT = """\
# größe
Feature: It
  Scenario: One
    Given the task "Buy milk"
    When I look
    Then there is 1 task
"""


def test_what_has_one_right_answer_is_mended_and_nothing_else(suite: Project) -> None:
    expected: dict[Path, bytes] = {}
    for number, (right, wrong) in enumerate(FIXES.values()):
        assert right in TEXT
        # The first three have a byte order mark, line ends of Windows, and those of old Macs.
        mark, end = (b"\xef\xbb\xbf" if number == 0 else b""), {1: "\r\n", 2: "\r"}.get(number, "\n")
        file = suite.path / f"{number:02}.feature"
        file.write_bytes(mark + TEXT.replace(right, wrong).replace("\n", end).encode())
        after = TEXT.replace(right, "  @slow @slow\n  Scenario: One") if "@Slow" in wrong else TEXT
        expected[file] = mark + after.replace("\n", end).encode()
    status, lines = check(suite, "--fix", ".")
    assert (status, lines[-1]) == (0, f"0 faults in {len(FIXES)} feature files.")
    assert "00.feature:5: `Whn` is now `When`." in lines
    assert {file: file.read_bytes() for file in expected} == expected


LEFT = {
    "a word that may be any": RIGHT.replace("I look", "I lok"),
    "a placeholder that may be two": """
        Feature: It
          Scenario Outline: One
            Given the task "<tile>"
            Then there are <n> tasks
            Examples:
              | title | tilt | n |
              | a     | b    | 1 |
    """,
    "a tag that is misspelt": RIGHT.replace("  Scenario: One", "  @slwo\n      Scenario: One"),
    "two spaces in a value": RIGHT.replace("I look", 'the task "Buy  milk"'),
    "what is no Gherkin in another way": RIGHT.replace("When I look", "I look"),
}


def test_what_may_be_meant_in_several_ways_is_left_as_it_is(suite: Project) -> None:
    files = [suite.feature(text, f"{number}.feature") for number, text in enumerate(LEFT.values())]
    files.append(suite.path / "latin.feature")
    files[-1].write_bytes("Feature: Größe\n  Scenaro: One\n".encode("latin-1"))
    before = [file.read_bytes() for file in files]
    status, lines = check(suite, "--fix", ".")
    assert status == 1
    assert not any(" is now " in line for line in lines)
    assert [file.read_bytes() for file in files] == before
    assert {line.partition(":")[0] for line in lines[:-1]} == {file.name for file in files}


def test_a_placeholder_that_one_unused_column_is_like_is_mended(suite: Project) -> None:
    file = suite.feature("""
        Feature: It
          Scenario Outline: One
            Given the task "<titel>"
            Then there are <n> tasks
            Examples:
              | title | n |
              | a     | 1 |
    """)
    status, lines = check(suite, "--fix", "it.feature")
    assert (status, lines[0]) == (0, "it.feature:3: `<titel>` is now `<title>`.")
    assert '"<title>"' in file.read_text(encoding="utf-8")


def test_a_finding_is_an_annotation_of_githubs(suite: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.feature(RIGHT.replace("I look", "I do 100 %, then").replace("Buy milk", "Buy: milk"), "a,b/it: 100%.feature")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(suite.path.parent))
    status, lines = check(suite, "a,b", "--format", "github")
    assert status == 1
    assert lines == [
        f"::error file={suite.path.name}/a%2Cb/it%3A 100%25.feature,line=4,title=undefined-step::"
        "no step definition says: When I do 100 %25, then",
        "0 faults and 1 undefined step in 1 feature file.",
    ]


def written(project: Project, name: str, *arguments: str) -> Any:
    result = project.pytester.run(*ACCORD, "check", "--format", name, *arguments)
    return json.loads(result.stdout.str())


def test_findings_are_written_as_json(suite: Project) -> None:
    suite.feature(RIGHT.replace("I look", "I  look"))
    found = written(suite, "json", "it.feature")
    assert (found["root"], found["files"], found["problem"]) == (str(suite.path), 1, "")
    [finding] = found["findings"]
    assert finding | {"message": ""} == {
        "file": "it.feature",
        "line": 4,
        "level": "error",
        "rule": "undefined-step",
        "message": "",
        "fix": {"old": "I  look", "new": "I look"},
    }


def test_findings_are_written_as_sarif_that_others_read(suite: Project) -> None:
    suite.feature(RIGHT.replace("I look", "I lok"), "a b/größe.feature")
    log = written(suite, "sarif")
    assert [it.level for it in Sarif.model_validate(log).runs[0].results or []] == [Level.ERROR, Level.WARNING]
    [run] = log["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["undefined-step", "unused-definition"]
    assert run["results"][0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b/gr%C3%B6%C3%9Fe.feature", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 4},
    }
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {"undefined-step", "unused-definition"}
    suite.path.joinpath("conftest.py").write_text("import nowhere_to_be_found\n")
    log = written(suite, "sarif")
    assert Sarif.model_validate(log).runs[0].invocations
    assert log["runs"][0]["invocations"][0]["executionSuccessful"] is False
