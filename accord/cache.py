"""The directories in which Accord keeps something between runs, and what makes them safe to use.

Nothing is used that another user could have put there: no link is followed, and each directory and file must belong to
whoever runs this and be writable by nobody else. Windows has no such modes: there the user's profile keeps others out.
"""

import os
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import platformdirs

from accord.errors import UsageError

# The whole environment of what root runs with the rights of another account.
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)}
POSIX = os.name == "posix"
# More than any file that Accord reads; what an account has put there for root to read may be of any size.
LARGEST = 1 << 24
# Windows has neither flag: there, nothing is opened relative to a directory.
_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def of_user() -> Path:
    """The cache directory of the user, as XDG_CACHE_HOME and the platform have it."""
    return Path(platformdirs.user_cache_dir("accord", appauthor=False))


def of_root() -> Path:
    """The cache directory of the machine, which root alone writes to and other accounts can enter."""
    return Path(platformdirs.site_cache_dir("accord"))


def make(path: Path, mode: int = 0o700) -> None:
    """Make the directory, and those above it that are missing, with this mode whatever the umask.

    Raises UsageError where one is there that another user could have put there, and OSError where it can't be made.
    """
    if not path.parent.exists():
        make(path.parent, mode)
    if POSIX and os.geteuid() == 0:
        # First, since where others can exchange the directory no later check of it means anything.
        _check_parent(path)
    with suppress(FileExistsError):
        path.mkdir(mode)
    status = check(path)
    if POSIX and stat.S_IMODE(status.st_mode) != mode:
        # By its descriptor: by name, a link could have taken its place since the check.
        directory = os.open(path, _DIRECTORY)
        try:
            os.fchmod(directory, mode)
        finally:
            os.close(directory)


def check(path: Path, owner: int | None = None) -> os.stat_result:
    """Return the status of a directory or a regular file that nobody could have put there but its owner.

    The owner is who runs this, if none is named. Raises UsageError, which says what is wrong with it and what to do.
    """
    status = path.lstat()
    _check(path, status, owner)
    return status


def read(base: Path, *names: str, owner: int | None = None) -> bytes:
    """Read the file to which the names lead from the directory, up to LARGEST bytes.

    Raises UsageError for what `check` refuses on the way there, and OSError where it can't be read.
    """
    path = base.joinpath(*names)
    if not POSIX:
        return path.read_bytes()
    with _opened(base, names[:-1], owner) as directory:
        # A pipe would have the run wait for a writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        with open(names[-1], "rb", opener=lambda name, _: os.open(name, flags, dir_fd=directory)) as file:
            _check(path, os.fstat(file.fileno()), owner)
            return file.read(LARGEST)


def write(base: Path, *names: str, content: bytes) -> None:
    """Write the file to which the names lead from the directory, whole or not at all; the directories are made."""
    for depth in range(len(names)):
        make(base.joinpath(*names[:depth]))
    passing = f".{names[-1]}.{secrets.token_hex(8)}"
    # O_EXCL opens nothing that is there, be it a link. Without O_BINARY Windows would change the line ends.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with _opened(base, names[:-1]) as directory:
        # Windows has no `dir_fd`, so the names are whole paths there.
        at = "" if directory is not None else f"{base.joinpath(*names[:-1])}{os.sep}"
        try:
            with open(at + passing, "wb", opener=lambda name, _: os.open(name, flags, 0o600, dir_fd=directory)) as file:
                file.write(content)
            os.replace(at + passing, at + names[-1], src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with suppress(OSError):
                os.unlink(at + passing, dir_fd=directory)
            raise


def remove(path: Path) -> None:
    """Remove a file, or a directory with all that is in it, following no link. Raises OSError where that fails.

    Root empties a directory of another account by the rights of that account.
    """
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        path.unlink()
    elif POSIX and status.st_uid != os.geteuid():
        # Root itself could be led elsewhere by a link that the account makes meanwhile.
        command: Sequence[str | Path] = ("rm", "-rf", "--", path)
        rights: Mapping[str, Any] = {"user": status.st_uid, "group": status.st_gid, "extra_groups": []}
        subprocess.run(command, cwd="/", env=ENVIRONMENT, capture_output=True, **rights)
        # Its parent is root's, so `rm` could not do this; it raises if `rm` has left anything.
        path.rmdir()
    else:
        shutil.rmtree(path)


@contextmanager
def _opened(base: Path, below: Sequence[str] = (), owner: int | None = None) -> Iterator[int | None]:
    """Open a directory, or the one to which the names lead from it; gives None on Windows, which opens none."""
    if not POSIX:
        yield None
        return
    with ExitStack() as opened:
        directory = None
        for depth, name in enumerate((str(base), *below)):
            directory = os.open(name, _DIRECTORY, dir_fd=directory)
            opened.callback(os.close, directory)
            _check(base.joinpath(*below[:depth]), os.fstat(directory), owner)
        yield directory


def _check(path: Path, status: os.stat_result, owner: int | None = None) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFLNK:
        raise UsageError(f"{path} is a link, which another user may have put there: {_remedy()}.")
    if kind not in (stat.S_IFDIR, stat.S_IFREG):
        raise UsageError(f"{path} is neither a file nor a directory: {_remedy()}.")
    if not POSIX:
        return
    if status.st_uid != (os.geteuid() if owner is None else owner):
        raise UsageError(f"{path} belongs to {_name(status.st_uid)}, who may have put anything there: {_remedy()}.")
    if status.st_mode & _WRITABLE_BY_OTHERS:
        mode = f"{stat.S_IMODE(status.st_mode):o}"
        raise UsageError(f"Other users can write to {path}, whose mode is {mode}: {_remedy()}.")
    if kind == stat.S_IFREG and status.st_nlink != 1:
        raise UsageError(f"{path} has another name somewhere else, where another user may have made it: {_remedy()}.")


def _check_parent(path: Path) -> None:
    """Refuse a directory of root's that another account could exchange for one of its own."""
    status = path.parent.stat()
    # Where the sticky bit is set, as on /tmp, nobody but its owner can rename what is there.
    if status.st_uid != 0 or (status.st_mode & _WRITABLE_BY_OTHERS and not status.st_mode & stat.S_ISVTX):
        raise UsageError(f"Others than root can exchange what is in {path.parent}: keep {path} elsewhere or close it.")


def _remedy() -> str:
    if POSIX and os.geteuid() == 0:
        return "remove it"
    return "remove it, or set XDG_CACHE_HOME to a directory of your own"


def _name(uid: int) -> str:
    # Windows has no such module.
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the user {uid}"
