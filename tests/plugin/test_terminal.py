"""What a run writes into the terminal: short, whole where it matters, and nothing that the terminal would obey."""

import pytest

from tests.helpers.project import Project


def test_what_a_scenario_is_called_and_says_is_shown_in_the_terminal(project: Project) -> None:
    project.scenario("Given a \x1b[2J\u202estep", "Then it breaks")
    project.steps(
        """
        @given(parsers.parse("a {words}"))
        def _(words):
            pass

        @then("it breaks")
        def _():
            assert 1 == 2
        """
    )
    said = project.run().stdout.str()
    assert "a ␛[2J[U+202E]step" in said
    project.scenario("Given no \x1b[2J\u202estep", "Then it breaks")
    assert "no step definition says: Given no ␛[2J[U+202E]step" in project.run().stdout.str()


def test_what_is_wrong_with_a_feature_is_shown_in_the_terminal(project: Project) -> None:
    project.feature("Feature: It\n  Scenario: One\n    Given a step\n  \x1b[2J\u202eWhoops\n")
    said = project.run().stdout.str()
    assert "␛[2J[U+202E]Whoops" in said
    assert "\x1b[2J" not in said


@pytest.fixture
def adding(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A scenario and an outline in a rule, both of which fail."""
    project.feature("""
        Feature: Adding
          Scenario: A long list of things that one may well want to add up
            Then "a reason that takes a while to be told, and goes on and on" is given

          Rule: They add up
            Scenario Outline: Any number
              Then <sum> is right
              Examples: Wrong
                | sum |
                | 3   |
    """)
    project.steps(
        """
        @then(parsers.parse('"{reason}" is given'))
        async def _(reason):
            assert False, reason

        @then(parsers.parse("{number:d} is right"))
        async def _(number):
            assert number == 4
        """
    )
    # Which pytest does not cut in CI.
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    return project


def test_the_short_summary_has_the_cause_first_and_the_place_last_within_the_width(
    adding: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = [line for line in adding.run().outlines if line.startswith("FAILED ")]
    assert lines == [
        "FAILED a reason that takes a while to be… - it.feature:2 A long list of things…",
        "FAILED assert 3 == 4 - it.feature:10 Any number[Wrong: 3]",
    ]
    assert all(len(line) <= 80 for line in lines)
    # Each of the places can be handed to pytest.
    adding.run("it.feature:10").assert_outcomes(failed=1)


def test_in_ci_nothing_of_it_is_cut(adding: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    adding.run().stdout.fnmatch_lines(
        [
            "FAILED a reason that takes a while to be told, and goes on and on - it.feature:2 A long list of things "
            "that one may well want to add up"
        ]
    )


def test_a_plain_test_has_the_line_that_pytest_gives_it(adding: Project) -> None:
    adding.pytester.makepyfile("def test_it(): assert 1 == 2")
    adding.run().stdout.fnmatch_lines(["FAILED test_a_plain_test_has_the_line_that_pytest_gives_it.py::test_it - *"])


@pytest.fixture
def comparing(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A scenario and a plain test, both of which compare long lists."""
    monkeypatch.delenv("CI", raising=False)
    project.scenario("Then they are equal")
    project.steps("@then('they are equal')\nasync def _(): assert list(range(10, 99)) == []")
    project.path.joinpath("test_it.py").write_text("def test_it(): assert list(range(10, 99)) == []")
    return project


def test_what_a_step_compares_is_shown_whole(comparing: Project) -> None:
    comparing.run("it.feature").stdout.fnmatch_lines(["E*Full diff:*", "E*98,"])


def test_what_a_plain_test_compares_is_shown_as_pytest_does(comparing: Project) -> None:
    result = comparing.run("it.feature", "test_it.py")
    result.stdout.fnmatch_lines(["E*Use -v to get more diff"])
    assert result.stdout.str().count("Full diff: ") == 1
