"""How the documents put things: times, durations, what was expected."""

import re
from collections.abc import Iterator
from datetime import datetime

from markupsafe import Markup, escape

from accord.basics.text import one_line

# Colours and other control sequences, and what sets a title or a link (ECMA-48: CSI and OSC).
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
# Longer ones are none that a terminal takes.
_SGR = re.compile(r"\x1b\[([0-9;]{0,99})m")
_EQUAL = re.compile(r"^(?:E\s+)?assert (.+?) == (.+)$", re.MULTILINE)


def took(seconds: float) -> str:
    """A duration, as short as it can be said: `14 ms`, `2.1 s`, `41 s`, `3 min 20 s`."""
    # The limits are where rounding would give `1000 ms`, and below `10.0 s`.
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def moment(time: datetime) -> str:
    """A time, as in `12 November 2026, 14:03 UTC`."""
    return f"{time.day} {time:%B %Y, %H:%M %Z}"


def plain(text: str) -> str:
    """The text without the colours of a terminal."""
    return _ANSI.sub("", text)


def coloured(text: str) -> Markup:
    """The text with the colours of a terminal, as elements with classes of the page; all else is text."""
    return Markup("").join(_coloured(text)) if "\x1b" in text else escape(text)


def _coloured(text: str) -> Iterator[Markup]:
    classes: dict[str, str] = {}
    # Each second piece is what one sequence sets (ECMA-48: SGR).
    for number, piece in enumerate(_SGR.split(text)):
        if number % 2:
            _set(classes, piece)
        elif shown := plain(piece):
            style = " ".join(classes.values())
            yield Markup('<span class="{}">{}</span>').format(style, shown) if style else escape(shown)


def _set(classes: dict[str, str], sequence: str) -> None:
    """Note what is set: the class of the colour, and of bold."""
    codes = iter(int(code or 0) for code in sequence.split(";"))
    for code in codes:
        if code == 0:
            classes.clear()
        elif code == 1:
            classes["bold"] = "ansi-bold"
        elif code == 22:
            classes.pop("bold", None)
        elif code in (38, 48):
            # One of 256 colours, or of all: how many numbers follow depends on the first.
            skipped = {5: 1, 2: 3}.get(next(codes, 0), 0)
            for _ in range(skipped):
                next(codes, None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            classes["colour"] = f"ansi-{code % 10}"
        elif code == 39:
            classes.pop("colour", None)


def comparison(message: str) -> tuple[str, str] | None:
    """What was expected and what was there instead, of a message of pytest, which has the expected on the right."""
    found = _EQUAL.search(message)
    return (found[2], found[1]) if found else None


def exact(time: datetime) -> str:
    """A time to the second, as in `12 November 2026, 14:03:07 UTC`."""
    return f"{time.day} {time:%B %Y, %H:%M:%S %Z}"


def css_string(text: str) -> str:
    """The text as a string of CSS, on one line, which nothing in it can end."""
    return '"' + "".join(it if it.isalnum() or it == " " else f"\\{ord(it):x} " for it in one_line(text)) + '"'
