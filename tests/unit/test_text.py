"""What a terminal would obey of others' texts is shown in what Accord itself writes there."""

import pytest

from accord.basics.text import one_line, visible
from accord.errors import AccordError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("a\rb\r\nc\n\td", "a␍b\r\nc\n\td"),
        ("\x7f\x85\x9b2J", "␡[U+0085][U+009B]2J"),
        ("user\u202enimda\u2066", "user[U+202E]nimda[U+2066]"),
        ("a\u200bb\ufeffc\u2028d\u061c", "a[U+200B]b[U+FEFF]c[U+2028]d[U+061C]"),
        ("\ufdd0\U0001fffe\U0010ffff 😀𠀀", "[U+FDD0][U+1FFFE][U+10FFFF] 😀𠀀"),
        ("\ud83d\U000e0041", "[U+D83D][U+E0041]"),
        ("שלום می\u200cشود 👩\u200d👧 é", "שלום می\u200cشود 👩\u200d👧 é"),
    ],
)
def test_what_is_obeyed_or_hides_is_shown_as_a_sign(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_on_one_line_a_line_break_is_a_space() -> None:
    assert one_line(" a\n b\r\n\tc\x00 ") == "a b c␀"


def test_an_error_shows_what_a_terminal_would_obey_as_signs() -> None:
    assert str(AccordError("no \x1b]0;title\x07")) == "no ␛]0;title␇"
