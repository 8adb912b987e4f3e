"""What the command line says of feature files beyond pytest: lines, and `--dry-run`."""

from pathlib import Path

import pytest

from accord.gherkin.document import read
from accord.gherkin.lines import chosen
from tests.helpers.project import SETTINGS, Project

FEATURE = """Feature: It
  Background:
    Given a step

  Scenario: One
    Then it holds

  @tagged
  Scenario Outline: Each
    Given a <number>
    Then it holds

    Examples: Small
      | number |
      | 1      |
      | 2      |

    Examples: Large
      | number |
      | 100    |

  Rule: More
    Scenario: Two
      Then it holds
    Scenario: Three
      Then it holds
"""
ONE, SMALL_2, THREE = "One", "Each[Small: 2]", "More::Three"


@pytest.fixture
def lines(project: Project) -> Project:
    project.settings(SETTINGS + "markers = tagged\n")
    project.feature(FEATURE, "features/it.feature")
    project.feature("Feature: Other\n  Scenario: Other\n    Then it holds", "features/other.feature")
    project.steps("""
        @given("a step")
        def _(): ...

        @given(parsers.parse("a {number:d}"))
        def _(number): ...

        @then("it holds")
        def _(): ...
        """)
    return project


def collected(result: pytest.RunResult) -> list[str]:
    return [line.partition("::")[2] for line in result.outlines if ".feature::" in line]


@pytest.mark.parametrize(
    ("line", "items"),
    [
        (1, [5, 15, 16, 20, 23, 25]),
        (3, [5, 15, 16, 20, 23, 25]),
        (6, [5]),
        (8, [15, 16, 20]),
        (10, [15, 16, 20]),
        (13, [15, 16]),
        (16, [16]),
        (20, [20]),
        (22, [23, 25]),
        (24, [23]),
    ],
)
def test_a_line_stands_for_what_is_there_or_below(tmp_path: Path, line: int, items: list[int]) -> None:
    file = tmp_path / "it.feature"
    file.write_text(FEATURE, encoding="utf-8")
    assert sorted(chosen(read(file, "it.feature"), [line])) == items


def test_several_files_and_lines_can_be_named(lines: Project) -> None:
    arguments = ["features/it.feature:6", "features/it.feature:16:26", "features/other.feature"]
    assert collected(lines.run("--collect-only", "-q", *arguments)) == [ONE, SMALL_2, THREE, "Other"]


def test_a_file_that_is_named_as_a_whole_as_well_runs_as_a_whole(lines: Project) -> None:
    assert len(collected(lines.run("--collect-only", "-q", "features/it.feature:6", "features"))) == 7


def test_workers_know_the_lines(lines: Project) -> None:
    lines.run("-n1", "features/it.feature:6").assert_outcomes(passed=1)


def test_a_line_that_is_not_there_is_an_error(lines: Project) -> None:
    result = lines.run("features/it.feature:99")
    result.stdout.fnmatch_lines(["features/it.feature:99: the file has 26 lines: name one of them."])
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_a_long_node_id_can_be_named(project: Project) -> None:
    name = "A name of many words, " * 20
    project.feature(f"Feature: It\n  Scenario: {name}\n    Then it holds")
    project.steps('@then("it holds")\ndef _(): ...')
    project.run(f"it.feature::{name.strip()}").assert_outcomes(passed=1)


@pytest.mark.usefixtures("publishing")
class TestDryRun:
    def test_each_undefined_step_is_shown_with_its_line_and_nothing_runs(self, lines: Project) -> None:
        lines.change(
            "features/it.feature", "  Scenario: One\n", "  Scenario: One\n    Given a pen\n    And an inkpot\n"
        )
        lines.change("conftest.py", '@then("it holds")\ndef _(): ...', '@then("it holds")\ndef _(): print("it ran")')
        result = lines.run("--dry-run", "-s")
        result.stdout.fnmatch_lines(
            ["features/it.feature:6: no step definition says: Given a pen", '*@given("a pen")*']
        )
        result.stdout.fnmatch_lines(["features/it.feature:7: no step definition says: And an inkpot"])
        result.stdout.fnmatch_lines(["7 scenarios, none of them run: 2 problems, shown above."])
        result.stdout.no_fnmatch_line("it ran")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        assert not lines.path.joinpath("living-docs").exists()

    def test_it_succeeds_where_each_step_has_a_definition(self, lines: Project) -> None:
        result = lines.run("--dry-run", "-n2", "features/it.feature")
        result.stdout.fnmatch_lines(["6 scenarios, none of them run: each step has a definition."])
        assert result.ret == pytest.ExitCode.OK

    def test_a_feature_that_breaks_a_rule_and_an_ambiguous_step_are_shown(self, lines: Project) -> None:
        lines.feature("Feature: Bad\n  Scenario: Bad\n    Given a step", "features/bad.feature")
        lines.more_steps('@then("it holds")\ndef _other(): ...')
        result = lines.run("--dry-run")
        result.stdout.fnmatch_lines_random(
            ["features/bad.feature:2: *no-then*", "*2 step definitions say: Then it holds*"]
        )
        assert result.ret == pytest.ExitCode.TESTS_FAILED

    def test_an_option_of_that_name_stays_the_projects(self, lines: Project) -> None:
        lines.more_steps("def pytest_addoption(parser): parser.addoption('--dry-run', action='store_true')")
        lines.run("--dry-run").assert_outcomes(passed=7)
        lines.run("--accord-dry-run").assert_outcomes()
