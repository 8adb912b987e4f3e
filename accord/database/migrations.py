"""Alembic's migrations as what prepares the run's database: through the team's own `env.py`, as `alembic upgrade` does.

Alembic is the service's, not Accord's: it is imported where migrations run.
"""

import asyncio
import configparser
import importlib
import inspect
import io
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncSession

from accord.database.address import rendered
from accord.database.provision import Prepare
from accord.errors import UsageError

if TYPE_CHECKING:
    from alembic.config import Config

# Directories of others' files.
_INSTALLED = {"node_modules", "site-packages", "build", "dist"}
# What an `env.py` is known by that runs an event loop of its own.
_ASYNC = re.compile(r"\b(async def|asyncio|anyio)\b")


def migrations(path: str | os.PathLike[str] = "alembic.ini") -> Prepare:
    """Return what upgrades a database to the newest revision, for the fixture `prepare_database` to return.

    `path` is that of `alembic.ini`, or of a `pyproject.toml` with `[tool.alembic]`; as with the command `alembic`, what
    the one does not say is looked for in the other beside it. Where there are several heads, all are upgraded to.

    The migrations run in a thread, in the directory of that file, through the `env.py` that it names, be that sync or
    async: its `sqlalchemy.url` is the database's, and of the driver that was configured. The working directory and
    `sys.path` are what they were afterwards, and so is logging, as with whatever prepares a database. Of Alembic's
    templates `multidb` is not supported.

    What it returns raises UsageError where Alembic, the file or what that names is missing, and whatever a migration
    raises.
    """
    file = Path(path).absolute()

    async def upgrade(url: str) -> None:
        await asyncio.to_thread(_upgrade, file, url)

    return upgrade


def find(root: Path) -> Path | None:
    """Return the file that configures Alembic, if one does: `alembic.ini`, or a `pyproject.toml`.

    It is looked for in a directory, then below it, and then above it in the same repository of Git.
    Raises UsageError where it is one of several below.
    """
    if (own := _configuration(root)) is not None:
        return own
    below = list(_below(root))
    if len(below) > 1:
        names = ", ".join(str(file.relative_to(root)) for file in sorted(below))
        raise UsageError(
            f"Alembic is set up by several files ({names}): have the fixture prepare_database in conftest.py return "
            "accord.migrations with the path of one."
        )
    repository = next((it for it in (root, *root.parents) if (it / ".git").exists()), root)
    above = (_configuration(it) for it in root.parents if it.is_relative_to(repository))
    return next(filter(None, [*below, *above]), None)


def _below(root: Path) -> Iterator[Path]:
    for directory, subdirectories, _ in os.walk(root):
        # What is installed, or hidden, is not the project's own.
        subdirectories[:] = [name for name in subdirectories if not _is_left_out(Path(directory, name))]
        yield from filter(None, (_configuration(Path(directory, name)) for name in subdirectories))


def _is_left_out(directory: Path) -> bool:
    name = directory.name
    return name.startswith((".", "_")) or name in _INSTALLED or (directory / "pyvenv.cfg").exists()


def _configuration(directory: Path) -> Path | None:
    if (ini := directory / "alembic.ini").is_file():
        return ini
    toml = directory / "pyproject.toml"
    try:
        tools = tomllib.loads(toml.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):
        # Whoever needs that file will say so.
        return None
    return toml if "alembic" in tools else None


def _upgrade(file: Path, url: str) -> None:
    try:
        from alembic import command
        from alembic.script import ScriptDirectory
        from alembic.util import CommandError
    except ImportError as error:
        raise UsageError(f"Alembic is missing, which the migrations of {file} need: install alembic.") from error
    with _as_it_was(file.parent):
        try:
            config = _configured(file, url)
            if _is_async(Path(ScriptDirectory.from_config(config).env_py_location)):
                command.upgrade(config, "heads")
            else:
                asyncio.run(_in_greenlet(lambda: command.upgrade(config, "heads")))
        except CommandError as error:
            reason = " ".join(str(error).split()).rstrip(".")
            raise UsageError(f"Alembic cannot run the migrations of {file}: {reason}.") from error
        except SystemExit as error:
            raise UsageError(f"The migrations of {file} ended the process (SystemExit: {error.code}).") from error


def _is_async(env: Path) -> bool:
    if not env.is_file():
        raise UsageError(f"There is no file {env}, through which Alembic runs migrations: have `alembic init` make it.")
    return _ASYNC.search(env.read_text(encoding="utf-8", errors="replace")) is not None


async def _in_greenlet(run: Callable[[], None]) -> None:
    """Run what is sync, whose driver may be async. The session connects to nothing."""
    async with AsyncSession() as session:
        await session.run_sync(lambda _session: run())


def _configured(file: Path, url: str) -> "Config":
    """Read the configuration, and set the database's address in it. Raises UsageError where it can't be used."""
    from alembic.config import Config

    if not file.is_file():
        raise UsageError(
            f"There is no file {file}, from which migrations are to be read: give the path of an alembic.ini, or of a "
            "pyproject.toml, from where pytest is started."
        )
    is_toml = file.suffix == ".toml"
    ini = file.with_name("alembic.ini") if is_toml else file
    toml = file if is_toml else file.with_name("pyproject.toml")
    # Alembic before 1.16 knows no other file than its own.
    knows_toml = toml.exists() and "toml_file" in inspect.signature(Config).parameters
    more: dict[str, Any] = {"toml_file": toml} if knows_toml else {}
    config = Config(ini if ini.exists() else None, stdout=io.StringIO(), output_buffer=io.StringIO(), **more)
    try:
        configured, databases = config.get_main_option("sqlalchemy.url"), config.get_main_option("databases")
        config.set_main_option("sqlalchemy.url", _through_driver(configured, url).replace("%", "%%"))
        # Read when it is asked for.
        _ = more and config.toml_alembic_config
    except (configparser.Error, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"{file} cannot be read as Alembic's configuration ({reason}): correct it.") from error
    if databases:
        raise UsageError(
            f"{file} is of Alembic's template multidb, which accord.migrations does not run: have prepare_database "
            "upgrade each of the databases itself."
        )
    return config


def _through_driver(configured: str | None, url: str) -> str:
    """Return the database's address for the driver that is configured, if that is one of PostgreSQL and installed."""
    try:
        driver = make_url(configured or "")
        if driver.get_backend_name() != "postgresql":
            return url
        driver.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        return url
    given = make_url(url)
    if driver.get_driver_name() != "asyncpg":
        # What else stands there is in asyncpg's words.
        given = given.set(query={name: it for name, it in given.query.items() if name in ("host", "port")})
    return rendered(given.set(drivername=driver.drivername))


@contextmanager
def _as_it_was(directory: Path) -> Iterator[None]:
    """Be in the directory, and undo what `env.py` and the configuration do to the process."""
    path = sys.path[:]
    try:
        with chdir(directory):
            # What was found below `.` before is not there now, and the other way round.
            importlib.invalidate_caches()
            yield
    finally:
        sys.path[:] = path
        importlib.invalidate_caches()
