"""Files of Cucumber Messages, read line by line, whatever is in them."""

import gzip
import os
import stat
import sys
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from tqdm import tqdm

from accord.basics.text import one_line
from accord.errors import NoSuchFileError, UsageError
from accord.recording import ndjson

# As much of a reason as a sentence repeats.
_LONGEST_REASON = 200

STDIN = Path("-")
"""What stands for standard input, as in other commands."""

_GZIP = b"\x1f\x8b"
# In bytes, of what is decoded at once.
_CHUNK = 1_000_000
TORN = "torn"
"""The kind under which a torn last line is yielded: its `message` is what is wrong with it."""

UNFIT = (LookupError, TypeError, AttributeError, ArithmeticError, ValueError, OSError, RecursionError)
"""What is raised while a message is read that is not as it should be."""

Json = dict[str, Any]


def messages(
    path: Path, *, without: Collection[str] = (), each: Callable[[bytes], object] | None = None
) -> Iterator[tuple[int, str, Json]]:
    """Yield of each message the number of its line, its kind and what it says; progress is shown if it takes a while.

    A file may be compressed by gzip, whatever its name is, or be UTF-16, and `STDIN` is standard input.
    Lines of the kinds that are left out are not even parsed where they are written as usual; `each` gets all of them,
    in UTF-8.
    A file whose writer was killed may end in the middle of a line: that line is yielded as `TORN`.

    Raises UsageError, with file and line, for what is not a message; for what cannot be read, where NoSuchFileError
    says that nothing is there; and for what is not a file, or a pipe that no one writes to, which would never end.
    """
    # Accord's own writer begins each line so, and most others do.
    unneeded = tuple(b'{"%b":{' % kind.encode() for kind in without)
    number = 0
    try:
        for number, line in _lines(path):
            if each is not None:
                each(line)
            if line.startswith(unneeded) or line.isspace():
                continue
            try:
                envelope = ndjson.loads(line)
            except (ValueError, RecursionError) as error:
                if line.endswith(b"\n"):
                    raise UsageError(f"{path}:{number} is not JSON: {_reason(error)}") from None
                yield number, TORN, {"message": _reason(error)}
                return
            if not isinstance(envelope, dict):
                raise invalid(path, number, ValueError("the line is not an object"))
            for kind, message in envelope.items():
                # Some write null for each kind that the line is not of. What is left out may be written in another way
                # than usual, with blanks for example.
                if message is None or kind in without:
                    continue
                if not isinstance(message, dict):
                    raise invalid(path, number, ValueError(f"{kind} is not an object"))
                yield number, kind, message
    except EOFError:
        yield number + 1, TORN, {"message": "the compressed file ends too early"}
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UsageError(f"{path} is not compressed as gzip has it: {_reason(error)}") from None
    except OSError as error:
        kind_of_error = NoSuchFileError if isinstance(error, FileNotFoundError) else UsageError
        raise kind_of_error(f"{path} cannot be read: {error.strerror}") from None


def invalid(path: Path, number: int, error: Exception) -> UsageError:
    """Return the error for a message that is not as it should be, or does not go with those before it."""
    return UsageError(f"{path}:{number} is not a valid Cucumber Message: {_reason(error)}")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number, and show the progress where it takes a while."""
    with (
        _opened(path) as file,
        # How long a pipe, or what is compressed, will be is not known.
        tqdm(
            total=None if (is_gzip := is_compressed(file)) else os.fstat(file.fileno()).st_size or None,
            desc=one_line(path.name),
            unit="B",
            unit_scale=True,
            # Only where it takes longer than a second, and, by `disable=None`, in a terminal.
            delay=1,
            leave=False,
            disable=None,
        ) as progress,
    ):
        for number, line in enumerate(_in_utf_8(gzip.GzipFile(fileobj=file) if is_gzip else file), 1):
            progress.update(len(line))
            yield number, line


def _in_utf_8(file: BufferedReader | gzip.GzipFile) -> Iterable[bytes]:
    """Return the lines of a file, which may be UTF-16: the `>` of PowerShell writes that."""
    is_utf_16 = file.peek(len(BOM_UTF16_LE)).startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return _of_utf_16(file) if is_utf_16 else file


def _of_utf_16(file: BufferedReader | gzip.GzipFile) -> Iterator[bytes]:
    # A character of which there is half, as at the end of what was torn, is replaced.
    decoder, rest = getincrementaldecoder("utf-16")("replace"), ""
    while chunk := file.read(_CHUNK):
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        # Of files that were joined each has a mark of its own.
        yield from (f"{line}\n".removeprefix("\ufeff").encode() for line in lines)
    if rest := rest + decoder.decode(b"", final=True):
        yield rest.encode()


def _opened(path: Path) -> AbstractContextManager[BufferedReader]:
    if path == STDIN:
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError(f"{path} is standard input, and nothing is led there: write `... | accord render -`")
        return nullcontext(cast(BufferedReader, sys.stdin.buffer))
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode):
        file.close()
        raise UsageError(f"{path} is not a file: name one of Cucumber Messages")
    # Only opening must not wait: reading may, and a pipe that nobody writes to is at its end.
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(file.fileno(), True)
    return file


def _without_waiting(path: str, flags: int) -> int:
    """Open a pipe without waiting for someone who writes to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def is_compressed(file: BufferedReader) -> bool:
    """Return whether a file that was just opened is compressed by gzip."""
    return file.peek(len(_GZIP)).startswith(_GZIP)


def _reason(error: Exception) -> str:
    """Return what is wrong with a message as a part of a sentence, on one line and not too long."""
    if isinstance(error, KeyError):
        text = f"{error.args[0]!r} is missing, or is not in any message before"
    elif isinstance(error, RecursionError):
        text = "it nests too deeply"
    elif isinstance(error, (TypeError, AttributeError, IndexError)):
        text = "a part of it is not of the kind that it should be"
    elif isinstance(error, (OverflowError, OSError)):
        text = "there is no such time"
    else:
        text = str(error) or type(error).__name__
    # Cut first, since it may be a line of many megabytes, and once more, since signs may take its place.
    text = one_line(text[: 2 * _LONGEST_REASON])
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
