"""What a terminal would obey of others' texts is shown in what Accord itself writes there."""

import pytest

from accord.basics.text import one_line, visible
from accord.errors import AccordError
from tests.helpers.project import Project


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("a\rb\r\nc\n\td", "a␍b\r\nc\n\td"),
        ("\x7f\x85\x9b2J", "␡[U+0085][U+009B]2J"),
        ("user\u202enimda\u2066", "user[U+202E]nimda[U+2066]"),
        ("a\u200bb\ufeffc\u2028d\u061c", "a[U+200B]b[U+FEFF]c[U+2028]d[U+061C]"),
        ("\ud83d\U000e0041", "[U+D83D][U+E0041]"),
        ("שלום می\u200cشود 👩\u200d👧 é", "שלום می\u200cشود 👩\u200d👧 é"),
    ],
)
def test_what_is_obeyed_or_hides_is_shown_as_a_sign(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_on_one_line_a_line_break_is_a_space() -> None:
    assert one_line(" a\n b\r\n\tc\x00 ") == "a b c␀"


def test_a_refusal_shows_what_it_repeats() -> None:
    assert str(AccordError("no \x1b]0;title\x07")) == "no ␛]0;title␇"


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
