"""How the documents put things: times, durations, what was expected."""

import re
from datetime import datetime

# Colours and other control sequences, and what sets a title or a link (ECMA-48: CSI and OSC).
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
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


def comparison(message: str) -> tuple[str, str] | None:
    """What was expected and what was there instead, of a message of pytest, which has the expected on the right."""
    found = _EQUAL.search(message)
    return (found[2], found[1]) if found else None
