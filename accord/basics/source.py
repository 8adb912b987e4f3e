"""Where things stand, as messages name it: file and line, the file below the root of the run if it is there."""

import inspect
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType


def location(path: str | Path, line: int | str, rootpath: Path | None = None) -> str:
    """Return `file:line`, as editors open it; the file below the root, if one is given and it is there."""
    return f"{path if rootpath is None else relative(path, rootpath)}:{line}"


# Asked for at each step, with the same few files, and pathlib is slow.
@lru_cache(maxsize=4096)
def relative(path: str | Path, rootpath: Path) -> str:
    """Return the path below the root, with slashes, or the whole path of a file elsewhere."""
    path = Path(path)
    return (path.relative_to(rootpath) if path.is_relative_to(rootpath) else path).as_posix()


def code_of(function: Callable[..., object]) -> CodeType | None:
    """Return the code that someone wrote, whatever it is wrapped in, or None for what is not written in Python."""
    function = inspect.unwrap(function)
    # Either may be around the other, any number of times.
    while isinstance(function, partial):
        function = inspect.unwrap(function.func)
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return code if isinstance(code, CodeType) else None


def defined_at(function: Callable[..., object]) -> tuple[str, int]:
    """Return file and line of the function's definition; for what is not written in Python a word, and line 0."""
    code = code_of(function)
    return (code.co_filename, code.co_firstlineno) if code else (repr(function), 0)
