"""The text of an error, also where asking for it raises another one."""

import traceback
from collections.abc import Callable

LONGEST_REASON = 200
"""How many characters of an error's text `named` returns."""


def text_of(error: BaseException, how: Callable[[BaseException], str] = str) -> str:
    """Return an error's text, or, where `how` raises, a text that says so: classes of others may do anything there."""
    try:
        return how(error)
    except BaseException as fault:  # Also SystemExit: raised here, it does not mean that the run is to end.
        return f"<{type(error).__name__} has no text: asked for it, it raises {type(fault).__name__}>"


def named(error: BaseException) -> str:
    """Return the class of an error, and the first line of its text."""
    first = text_of(error).strip().partition("\n")[0]
    reason = first if len(first) <= LONGEST_REASON else f"{first[:LONGEST_REASON]}…"
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def is_of_text(fault: BaseException) -> bool:
    """Return whether a `__str__` or `__repr__` raised it; a KeyboardInterrupt by Ctrl-C comes anywhere."""
    # By where it was raised, since the error itself is the same in both cases.
    frames = [frame.f_code.co_name for frame, _line in traceback.walk_tb(fault.__traceback__)]
    return bool(frames) and frames[-1] in ("__str__", "__repr__")
