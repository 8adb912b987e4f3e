"""What an error says is its own text, however long that is."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from accord.basics.failures import named, own_traceback, text_of


def test_what_an_error_says_is_its_own_text_where_it_has_one() -> None:
    assert text_of(ValueError("a\nb")) == "a\nb"
    assert text_of(ValueError("a"), repr) == "ValueError('a')"
    assert named(ValueError("a\nb")) == "ValueError: a"
    assert named(ValueError()) == "ValueError"
    assert len(named(ValueError("a" * 1000))) < 250


def test_a_traceback_has_the_frames_of_the_project_alone() -> None:
    def of_the_project() -> None:
        json.loads("{")

    with pytest.raises(json.JSONDecodeError) as raised:
        of_the_project()
    place, shown = own_traceback(raised.value, Path(__file__).parent)

    line = of_the_project.__code__.co_firstlineno + 1
    assert place == f"test_failures.py:{line}"
    assert shown.count("File ") == 2
    assert 'json.loads("{")' in shown
    assert "json/decoder" not in shown
    assert shown.endswith(": line 1 column 2 (char 1)")


def test_where_nothing_is_of_the_project_the_whole_traceback_is_shown() -> None:
    with pytest.raises(json.JSONDecodeError) as raised:
        json.loads("{")
    raised.value.__traceback__ = raised.tb.tb_next

    place, shown = own_traceback(raised.value, Path(__file__).parent)

    assert place is None
    assert "decoder" in shown


def test_causes_are_shown_where_the_project_has_a_part_in_them() -> None:
    def convert() -> None:
        try:
            raise KeyError("the cause")
        except KeyError:
            json.loads("{")

    with pytest.raises(json.JSONDecodeError) as raised:
        convert()

    assert "KeyError: 'the cause'" in own_traceback(raised.value, Path())[1]


def test_the_place_of_an_error_is_below_the_root_if_it_passed_there(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("def fail():\n    raise ValueError('far away')\n", encoding="utf-8")
    names: dict[str, Callable[[], None]] = {}
    exec(compile(elsewhere.read_text(encoding="utf-8"), elsewhere, "exec"), names)
    with pytest.raises(ValueError, match="far away") as raised:
        names["fail"]()
    place, _shown = own_traceback(raised.value, Path(__file__).parent)
    assert place == f"test_failures.py:{raised.traceback[0].lineno + 1}"
    assert own_traceback(raised.value, tmp_path)[0] == "elsewhere.py:2"


def test_an_error_whose_first_line_ends_in_a_colon_is_named_with_the_next_one() -> None:
    assert named(ValueError("1 validation error:\n  not a number\n  more")) == (
        "ValueError: 1 validation error: not a number"
    )
    assert named(ValueError("nothing:")) == "ValueError: nothing:"
