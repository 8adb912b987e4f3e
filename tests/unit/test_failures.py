"""What an error says is its own text, however long that is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accord.basics.failures import named, own_traceback, raised_at, raised_before, text_of


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


LIBRARY = compile(
    """
def again(function):
    try:
        function()
    except Exception as error:
        raise error
""",
    "library.py",
    "exec",
)
AGAIN: dict[str, Any] = {}
exec(LIBRARY, AGAIN)


def look_up() -> object:
    known: dict[str, str] = {}
    return known["a"]


def pass_on(error: KeyError) -> None:
    raise error


def pass_on_elsewhere() -> None:
    try:
        look_up()
    except KeyError as error:
        pass_on(error)


def pass_on_here() -> None:
    try:
        look_up()
    except KeyError as error:
        raise error


def raise_another() -> None:
    try:
        look_up()
    except KeyError as error:
        raise LookupError from error


def let_go() -> None:
    try:
        look_up()
    except KeyError:
        raise


def line_in(function: Callable[..., object], below: int) -> int:
    return function.__code__.co_firstlineno + below


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (look_up, line_in(look_up, 2)),
        (pass_on_elsewhere, line_in(pass_on, 1)),
        (pass_on_here, line_in(pass_on_here, 4)),
        (raise_another, line_in(raise_another, 4)),
        (let_go, line_in(look_up, 2)),
        (lambda: AGAIN["again"](look_up), line_in(look_up, 2)),
        (lambda: AGAIN["again"](pass_on_elsewhere), line_in(pass_on, 1)),
        (lambda: AGAIN["again"](lambda: AGAIN["again"](pass_on_elsewhere)), line_in(pass_on, 1)),
    ],
    ids=["once", "elsewhere", "here", "another", "bare", "by a library", "and before", "by two"],
)
def test_an_error_is_where_the_project_raised_it_last(function: Callable[[], object], line: int) -> None:
    with pytest.raises(LookupError) as raised:
        function()
    assert raised_at(raised.value, lambda file: file == __file__) == (__file__, line)
    assert raised_at(raised.value, lambda file: file == "elsewhere.py") is None


def test_an_error_that_is_raised_in_a_library_and_again_there_is_where_the_project_called_that() -> None:
    def call() -> None:
        AGAIN["again"](None)

    with pytest.raises(TypeError) as raised:
        call()
    line = line_in(call, 1)
    assert raised_at(raised.value, lambda file: file == __file__) == (__file__, line)
    assert raised_before(raised.value, lambda file: file == __file__) == (__file__, line)
