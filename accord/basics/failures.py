"""The text of an error, also where asking for it raises another one."""

import sysconfig
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType

from accord.basics.source import location

LONGEST_REASON = 200
"""How many characters of an error's text `named` returns."""
_INSTALLED = {Path(path) for path in sysconfig.get_paths().values()} | {Path(__file__).parents[1]}


def text_of(error: BaseException, how: Callable[[BaseException], str] = str) -> str:
    """Return an error's text, or, where `how` raises, a text that says so: classes of others may do anything there."""
    try:
        return how(error)
    except BaseException as fault:  # Also SystemExit: raised here, it does not mean that the run is to end.
        return f"<{type(error).__name__} has no text: asked for it, it raises {type(fault).__name__}>"


def named(error: BaseException) -> str:
    """Return the class of an error, and the first line of its text, with the next one where it ends in a colon."""
    # The text of a SyntaxError ends with file and line, which whoever asks for its place has.
    text = error.msg if isinstance(error, SyntaxError) and error.filename else text_of(error)
    first, *others = text.strip().split("\n")
    if first.endswith(":") and others:
        first = f"{first} {others[0].strip()}"
    reason = shortened(first)
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def shortened(text: str) -> str:
    """Return as much of a text as a message has of an error's."""
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"


def own_traceback(error: BaseException, rootpath: Path) -> tuple[str | None, str]:
    """Return where an error comes from, as `file:line`, and its traceback, both in the project's own files.

    Of these, one below the root is the place before any other; `raised_at` says which. Frames of what is installed are
    left out, and causes that have no others; where no frame is the project's, all are shown, and the place is None.
    """
    shown = traceback.TracebackException.from_exception(error, compact=True)
    root = rootpath.absolute()
    raised = raised_at(error, lambda file: is_of_project(file, root)) or raised_at(error, is_of_project)
    if raised is not None:
        _keep_own(shown)
    place = location(*raised, root) if raised else None
    # What cannot be read has no frame.
    if isinstance(error, SyntaxError) and error.filename and is_of_project(error.filename):
        place = location(error.filename, error.lineno or 0, root)
    return place, text_of(error, lambda _error: "".join(shown.format())).rstrip()


def raised_at(error: BaseException, is_own: Callable[[str], bool]) -> tuple[str, int] | None:
    """Return file and line at which the project raised an error last; None where it passed no frame of the project's.

    An error that is caught and raised again, as by `raise error`, has the frames of both: that it is raised at again
    come first, and then, from where it was caught on, those that it had before. Where a library raised it again, as
    routers and middlewares do, it is where it was raised before that.
    """
    place = None
    for frames in _raises(error.__traceback__):
        own = [it for it in frames if is_own(it[0].f_code.co_filename)]
        if own:
            place = own[-1][0].f_code.co_filename, own[-1][1]
        if own and own[-1] is frames[-1]:
            break
    return place


def raised_before(error: BaseException, is_own: Callable[[str], bool]) -> tuple[str, int] | None:
    """Return file and line of the innermost frame of the project's that an error passed, whenever it was raised."""
    passed = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return next((it for it in reversed(passed) if is_own(it[0])), None)


def _raises(trace: TracebackType | None) -> Iterator[list[tuple[FrameType, int]]]:
    """Yield the frames of each time that an error was raised, the last time first."""
    frames: list[tuple[FrameType, int]] = []
    known: set[FrameType] = set()
    for frame, line in traceback.walk_tb(trace):
        if frame in known:
            # It was caught here.
            yield frames
            frames, known = [], set()
        frames.append((frame, line))
        known.add(frame)
    if frames:
        yield frames


def _keep_own(shown: traceback.TracebackException) -> bool:
    """Leave out what is not the project's; return whether anything is left."""
    shown.stack[:] = [frame for frame in shown.stack if is_of_project(frame.filename)]
    for name in ("__cause__", "__context__"):
        if (before := getattr(shown, name)) is not None and not _keep_own(before):
            setattr(shown, name, None)
    return bool(shown.stack)


def is_of_project(filename: str, root: Path | None = None) -> bool:
    """Return whether a file is the project's own, and not of what is installed; below its root, if one is given."""
    path = Path(filename)
    if root is not None and not path.is_relative_to(root):
        return False
    return path.is_absolute() and not any(path.is_relative_to(it) for it in _INSTALLED)


def is_of_text(fault: BaseException) -> bool:
    """Return whether a `__str__` or `__repr__` raised it; a KeyboardInterrupt by Ctrl-C comes anywhere."""
    # By where it was raised, since the error itself is the same in both cases.
    frames = [frame.f_code.co_name for frame, _line in traceback.walk_tb(fault.__traceback__)]
    return bool(frames) and frames[-1] in ("__str__", "__repr__")
