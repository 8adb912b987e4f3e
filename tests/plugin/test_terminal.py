"""What a terminal would obey of others' texts is shown in what a run writes there."""

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
