"""The kinds of arguments that a sentence may have, as `{count:d}`, and what is said of one that is not there."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from accord.basics.source import location
from accord.basics.text import nearest
from accord.compat.pytest_bdd import explain_errors

_NUMBER, WHOLE, _WITH_POINT = "a number", "a whole number", "a number with a point"
KINDS = {
    **dict.fromkeys("geGE", _NUMBER),
    **dict.fromkeys("fF", _WITH_POINT),
    **dict.fromkeys(("ti", "te", "ta", "tg", "th", "ts", "tc"), "a date with a time"),
    **{"d": WHOLE, "n": "a number with separators of thousands", "%": "a percentage", "b": "a binary number"},
    **{"o": "an octal number", "x": "a hexadecimal number", "l": "letters alone", "w": "one word", "tt": "a time"},
    **{"D": "without digits", "S": "without spaces", "s": "spaces alone", "W": "signs alone"},
}
"""What the kinds of `parse` take, in words."""
# What one writes for them who has not met `parse`.
_MEANT = {
    **dict.fromkeys(("int", "integer", "number", "i", "count", "long"), "d"),
    **dict.fromkeys(("float", "double", "decimal", "real"), "g"),
    **dict.fromkeys(("str", "string", "text", "any", "quoted"), ""),
    **{"word": "w", "date": "%d %B %Y", "time": "%H:%M", "datetime": "%Y-%m-%dT%H:%M", "percent": "%"},
}
_USUAL = {"d": KINDS["d"], "g": KINDS["g"], "w": KINDS["w"], "%d %B %Y": "a date", "%H:%M": "a time"}
_OF_LIBRARIES = ("pytest_bdd", "parse", "parse_type", "accord.compat", "accord.steps")


def explain_unknown_kinds(rootpath: Path) -> Callable[[], None]:
    """Have a step definition with a kind of argument that is not there say where it is, and which there are.

    Returns what undoes it.
    """

    def explain(field: str, kind: str, own: Mapping[str, Any]) -> str:
        meant = nearest(kind.rstrip("?*+"), own)
        if meant is None and (near := kind if kind in _MEANT else nearest(kind, _MEANT)) is not None:
            meant = _MEANT[near]
        there = [f"`{name}` ({what})" for name, what in _USUAL.items()] + [f"`{name}`" for name in own]
        named = f"did you mean `{{{field}{':' if meant else ''}{meant}}}`? There" if meant is not None else "there"
        return (
            f"{_place(rootpath)}: `{{{field}:{kind}}}` is of a kind that is not there: {named} "
            f"are {', '.join(there)}; without one it takes anything."
        )

    return explain_errors(explain)


def _place(rootpath: Path) -> str:
    """Return where the step definition is: in the module that is being loaded, or else what called the parser."""
    frame: FrameType | None = sys._getframe()
    frames: list[FrameType] = []
    while frame is not None:
        if not frame.f_globals.get("__name__", "").startswith(_OF_LIBRARIES):
            frames.append(frame)
        frame = frame.f_back
    found = next((it for it in frames if it.f_code.co_name == "<module>"), frames[0])
    return location(found.f_code.co_filename, found.f_lineno, rootpath)
