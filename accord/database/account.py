"""The account that works in the server's directory: the user's own, or, for root, one that only the server has."""

import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from accord import cache
from accord.database.given import OWN_SERVER
from accord.errors import UsageError


@dataclass(frozen=True)
class Account:
    """What is done in `directory`, which belongs to the account of that name, or to whoever runs this if it is None.

    Root writes nothing there itself, since the account could lead it elsewhere by a link: it runs programs that have
    the rights of the account.
    """

    directory: Path
    name: str | None

    @cached_property
    def owner(self) -> int | None:
        """The number of the account."""
        return None if self.name is None else ids(self.name)[0]

    @property
    def rights(self) -> Mapping[str, Any]:
        """How `subprocess` runs a program there; those of the account learn nothing of root's environment."""
        if self.name is None:
            # PGDATA, PGPORT, PGSERVICE, ... would steer PostgreSQL's programs elsewhere.
            env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
            # In English, since what the programs say is looked through for words.
            return {"cwd": self.directory, "env": env | {"LC_ALL": "C"}}
        user, group = ids(self.name)
        return {
            # Where root is now, the account may not be let in.
            "cwd": self.directory,
            "env": cache.ENVIRONMENT,
            "user": user,
            "group": group,
            # Without this, a program would still be in root's groups.
            "extra_groups": [],
            "umask": 0o077,
        }

    def close(self) -> None:
        """Let nobody else enter the directory."""
        if self.name is not None:
            self._do("chmod", "700", self.directory)

    def make(self, path: Path) -> None:
        """Make a directory that nobody else can enter. Raises OSError where it can't be made, or is there."""
        if self.name is None:
            path.mkdir(0o700)
        else:
            self._do("mkdir", "-m", "700", "--", path)

    def write(self, path: Path, content: str) -> None:
        """Write a file that nobody else can read. Raises OSError where it can't be written."""
        if self.name is None:
            cache.write(path.parent, path.name, content=content.encode())
        else:
            self._do("tee", "--", path, content=content)

    def move(self, path: Path, to: Path) -> None:
        """Give it another name. Raises OSError where that fails."""
        if self.name is None:
            path.replace(to)
        else:
            self._do("mv", "--", path, to)

    def discard(self, *paths: Path) -> None:
        """Remove what is there, as far as it can be: what a killed run began may still be writing to it."""
        there = [path for path in paths if os.path.lexists(path)]
        if self.name is None:
            for path in there:
                with suppress(OSError):
                    cache.remove(path)
        elif there:
            with suppress(OSError):
                self._do("rm", "-rf", "--", *there)

    def _do(self, *command: str | Path, content: str = "") -> None:
        done = subprocess.run(command, input=content, capture_output=True, text=True, **self.rights)
        if done.returncode:
            raise OSError(done.stderr.strip())


def ids(name: str) -> tuple[int, int]:
    """The numbers of the account and of its group."""
    # Windows has no such module.
    import pwd

    entry = pwd.getpwnam(name)
    return entry.pw_uid, entry.pw_gid


def ensure(name: str) -> None:
    """Make the account unless there is one. Raises UsageError where it can't be made."""
    try:
        ids(name)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", name]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise UsageError(
                f"PostgreSQL refuses to run as root, and no account {name!r} could be made for it: "
                f"run as an ordinary user, or {OWN_SERVER}"
            ) from error
