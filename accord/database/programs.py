"""Running PostgreSQL's programs as the server's account."""

import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from accord import cache
from accord.database.cluster_files import UNFINISHED, ClusterFiles
from accord.database.installations import WHEEL, Installation, from_wheel
from accord.errors import UsageError


class Programs:
    """The programs of an installation, or of the wheel's if that is None.

    The server's account runs a copy of the wheel's beside its cluster, as it can't enter root's own directories.
    """

    def __init__(self, files: ClusterFiles, installation: Installation | None) -> None:
        self._files = files
        self._given = installation

    @cached_property
    def installation(self) -> Installation:
        """What they are of. Raises UsageError where the wheel is missing."""
        return self._given or from_wheel()

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of them to its end.

        Raises UsageError where the wheel is missing, or they can't be run, and OSError where the wheel can't be copied.
        """
        # The server outlives pg_ctl and would hold a pipe open, so what is said goes into a file.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            command = [str(self._directory / program), *arguments]
            try:
                finished = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    **self._files.as_account.rights,
                )
            except OSError as error:
                raise UsageError(
                    f"{command[0]} cannot be run ({error.strerror or error}): let "
                    f"{self._files.account or 'your account'} run it, or name another PostgreSQL in accord_postgres."
                ) from error
            said.seek(0)
            return subprocess.CompletedProcess(finished.args, finished.returncode, stderr=said.read())

    @cached_property
    def _directory(self) -> Path:
        programs = self.installation.programs
        if self.installation.packaged and self._files.account is not None:
            package = programs.parents[1]
            return self._copy(package) / programs.relative_to(package)
        return programs

    def _copy(self, installed: Path) -> Path:
        """Copy the server to where its account may read it, which a project in root's own directory is not."""
        copy = self._files.root / f"{WHEEL}-{version(WHEEL)}"
        if not _is_of_root(copy):
            for left in self._files.root.glob(f"{UNFINISHED}*"):
                with suppress(OSError):
                    cache.remove(left)
            unfinished = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}-", dir=self._files.root))
            # The shared libraries that the wheel brings lie beside the package, or, on macOS, in it.
            parts = [f"{installed.name}/pginstall", f"{installed.name}/.dylibs", f"{installed.name}.libs"]
            for part in parts:
                if not (installed.parent / part).exists():
                    continue
                try:
                    # What is there to compile against a server is of no use.
                    left_out = shutil.ignore_patterns("include", "pgxs", "*.a")
                    shutil.copytree(installed.parent / part, unfinished / part, symlinks=True, ignore=left_out)
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
