"""Files that appear whole or not at all, whatever goes wrong while they are written."""

import errno
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PART = ".accord-{}.part"
# Whoever writes a file writes on; what nobody has touched for so long was left by a process that was killed.
_LEFT_SECONDS = 3600


@contextmanager
def together() -> Iterator["Together"]:
    """Give files that are written beside their targets, and replace them when the block ends: all, or none if it fails.

    A reader sees the former file or the new one, never a part, even after a kill or with a full disk. Each file is on
    the disk (fsync) before it replaces what was there. A link stays one: what it leads to is replaced.
    Raises OSError, whose `filename` is the target.
    """
    files = Together()
    try:
        yield files
        files.replace_targets()
    finally:
        files.remove_parts()


class Together:
    """Files that are written, and have not replaced their targets yet."""

    def __init__(self) -> None:
        self._parts: list[Path] = []
        self._moves: list[tuple[Path, Path, bool]] = []
        self._removals: list[Path] = []
        self._swept: set[Path] = set()

    def write(self, path: Path, pieces: Iterable[str]) -> Path:
        """Write a text, as UTF-8, and return where it is until then.

        A target that is not a file, such as a pipe, gets it at once.
        """
        with _at(path):
            if path.exists() and not path.is_file() and not path.is_dir():
                # What others sent may have half a surrogate pair in it, and is published all the same.
                with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
                    file.writelines(pieces)
                return path
            target = _real(path)
            with self._part(target).open("x", encoding="utf-8", errors="replace", newline="\n") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            # Not into its place yet: the files that belong to it may still fail.
            self.move(self._parts[-1], target)
            return self._parts[-1]

    def copy(self, path: Path, target: Path) -> None:
        """Write the copy of a file that lies anywhere."""
        with _at(target):
            target = _real(target)
            with path.open("rb") as source, self._part(target).open("xb") as file:
                shutil.copyfileobj(source, file)
                file.flush()
                os.fsync(file.fileno())
            self.move(self._parts[-1], target)

    def move(self, path: Path, target: Path) -> None:
        """Have a file that was written elsewhere in the directory replace the target."""
        self._moves.append((_real(path), _real(target), False))

    def keep(self, path: Path, target: Path) -> None:
        """Move a file, if there is one, to another name before it is replaced."""
        self._moves.append((_real(path), _real(target), True))

    def remove(self, path: Path) -> None:
        """Remove a file, once all targets are replaced."""
        self._removals.append(path)

    def remove_parts(self) -> None:
        """Remove what has not replaced its target."""
        for part in self._parts:
            with suppress(OSError):
                part.unlink()

    def replace_targets(self) -> None:
        """Replace all targets, one right after another, unless it is clear beforehand that one cannot be replaced."""
        # All are looked at first, since one that was replaced cannot be taken back.
        for _path, target, _stays in self._moves:
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
        for path, target, stays in self._moves:
            with _at(target):
                if stays and not path.exists():
                    continue
                if target.exists():
                    with suppress(OSError):
                        # Whoever could read the file before can read it afterwards.
                        shutil.copymode(target, path)
                (self._second(path, target) if stays else path).replace(target)
        for path in self._removals:
            with _at(path):
                path.unlink(missing_ok=True)

    def _second(self, path: Path, target: Path) -> Path:
        """Return a hard link to the file, so that it is never missing, or the file itself where there are none."""
        part = self._part(target)
        try:
            os.link(path, part)
        except OSError:
            return path
        return part

    def _part(self, target: Path) -> Path:
        if target.parent not in self._swept:
            self._swept.add(target.parent)
            for left in target.parent.glob(_PART.format("*")):
                with suppress(OSError):
                    if left.stat().st_mtime < time.time() - _LEFT_SECONDS:
                        left.unlink()
        part = target.with_name(_PART.format(f"{os.getpid()}-{secrets.token_hex(4)}"))
        self._parts.append(part)
        return part


@contextmanager
def alone(*directories: Path) -> Iterator[None]:
    """Have no other process publish in the directories meanwhile, where the system supports that."""
    if sys.platform == "win32":  # It has no locks of directories.
        yield
        return
    with ExitStack() as locks:
        # Each once, since a second lock would wait for the first, and in one order, so that no two wait for each other.
        for directory in sorted({os.path.realpath(directory) for directory in directories}):
            descriptor = os.open(directory, os.O_RDONLY)
            locks.callback(os.close, descriptor)
            with suppress(OSError):  # A directory on the network may have no locks.
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextmanager
def _at(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
