"""Files of Cucumber Messages, read line by line, whatever is in them."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tqdm import tqdm

from accord.basics.text import one_line
from accord.errors import UsageError

# As much of a reason as a sentence repeats.
_LONGEST_REASON = 200
UNFIT = (LookupError, TypeError, AttributeError, ArithmeticError, ValueError, OSError, RecursionError)
"""What comes of a message that is not as it should be, while it is read."""


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number, and show how far that is, where it takes a while.

    Raises OSError for a file that cannot be read, and UsageError for what is not a file, or for a pipe that no one
    writes to, neither of which would come to an end.
    """
    with (
        open(path, "rb", opener=_without_waiting) as file,
        tqdm(
            total=_size(path, file),
            desc=one_line(path.name),
            unit="B",
            unit_scale=True,
            delay=1,
            leave=False,
            disable=None,
        ) as progress,
    ):
        for number, line in enumerate(file, 1):
            progress.update(len(line))
            yield number, line


def _without_waiting(path: str, flags: int) -> int:
    """Open a pipe without waiting for someone who writes to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _size(path: Path, file: IO[bytes]) -> int:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode):
        raise UsageError(f"{path} is not a file: name one of Cucumber Messages")
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(file.fileno(), True)
    return status.st_size


def reason(error: Exception) -> str:
    """Return what is wrong with a message as a part of a sentence, on one line and not too long."""
    if isinstance(error, KeyError):
        said = f"{error.args[0]!r} is missing, or is nothing that was told before"
    elif isinstance(error, RecursionError):
        said = "it nests too deeply"
    elif isinstance(error, (TypeError, AttributeError, IndexError)):
        said = "a part of it is not of the kind that it should be"
    elif isinstance(error, (OverflowError, OSError)):
        said = "there is no such time"
    else:
        said = str(error) or type(error).__name__
    said = one_line(said[: 2 * _LONGEST_REASON])
    return said if len(said) <= _LONGEST_REASON else f"{said[:_LONGEST_REASON]}…"
