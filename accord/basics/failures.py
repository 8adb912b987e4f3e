"""What an error says of itself, whatever it does when it is asked."""

import traceback
from collections.abc import Callable

LONGEST_REASON = 200
"""As many characters as `named` has of what an error says."""


def text_of(error: BaseException, how: Callable[[BaseException], str] = str) -> str:
    """Return what an error says, or, where saying it fails, that; the errors of others may do anything there."""
    try:
        return how(error)
    except BaseException as fault:  # Be it SystemExit: it is no answer, and the run is not over.
        return f"<{type(error).__name__} has no text: asked for it, it raises {type(fault).__name__}>"


def named(error: BaseException) -> str:
    """Return the kind of an error, and what it says in its first line."""
    first = text_of(error).strip().partition("\n")[0]
    reason = first if len(first) <= LONGEST_REASON else f"{first[:LONGEST_REASON]}…"
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def is_of_text(fault: BaseException) -> bool:
    """Whether something raises it when it is asked for its text: one of Ctrl-C is raised wherever the process is."""
    # By where it was raised, since the error itself is the same in both cases.
    frames = [frame.f_code.co_name for frame, _line in traceback.walk_tb(fault.__traceback__)]
    return bool(frames) and frames[-1] in ("__str__", "__repr__")
