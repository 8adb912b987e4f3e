"""Modules of step definitions that are loaded without a conftest that names them: those of the folder `steps`."""

import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

from accord.basics.failures import named, own_traceback
from accord.basics.source import location, relative
from accord.basics.text import nearest
from accord.compat.pytest import import_file
from accord.compat.pytest_bdd import files_of_step_definitions

SETTING = "accord_steps"
"""Files and folders of such modules, relative to pytest's root and to its folder `tests`."""
_USUAL = ["steps"]


class NotLoaded(NamedTuple):
    """A module that raised an error when it was imported, so that none of its steps is defined."""

    file: str
    uri: str
    """The file, below the root of the run."""
    error: str
    place: str
    """Where the error comes from, in the project's own files: `file:line`."""

    def __str__(self) -> str:
        """Say so, and what to do."""
        return f"{self.uri} is not loaded, so that its steps are undefined: {self.reason}."

    @property
    def reason(self) -> str:
        """Why, and what to do."""
        place = "" if self.place in self.error else f" ({self.place})"
        return f"{self.error.rstrip('.')}{place}: correct it"


def load(session: pytest.Session) -> Iterator[NotLoaded]:
    """Load each of those modules of which no step definition is visible yet, and yield those where that fails.

    What is in it is visible to all scenarios, as if a conftest named it in `pytest_plugins`.
    """
    config = session.config
    known = {Path(file) for file in files_of_step_definitions(session)}
    imported = {Path(file): module for module in [*sys.modules.values()] if (file := getattr(module, "__file__", None))}
    for file, top in modules(config):
        if file in known or b"pytest_bdd" not in file.read_bytes():
            continue
        _make_importable(top)
        try:
            config.pluginmanager.register(imported.get(file) or import_file(config, file), str(file))
        except Exception as error:  # Whatever a module raises when it is imported: the others may be all that is used.
            place, _details = own_traceback(error, config.rootpath)
            uri = relative(file, config.rootpath)
            yield NotLoaded(str(file), uri, named(error), place or location(uri, 1))


def are_named(config: pytest.Config) -> bool:
    """Return whether the project itself says which they are."""
    return config.getini(SETTING) is not None


def modules(config: pytest.Config) -> Iterator[tuple[Path, Path]]:
    """Yield the Python modules that the setting names, but for test modules, and the folder that it is relative to.

    Raises UsageError where it names what is not there.
    """
    patterns: Sequence[str] = ["conftest.py", *config.getini("python_files")]
    for name in config.getini(SETTING) if are_named(config) else _USUAL:
        bases = (config.rootpath, config.rootpath / "tests")
        if are_named(config) and not any((base / name).exists() for base in bases):
            meant = nearest(name, (it.relative_to(bases[0]).as_posix() for it in bases[0].glob("*") if it.is_dir()))
            advice = f"did you mean {meant}?" if meant else "correct it, or remove it."
            raise pytest.UsageError(f"{SETTING} names {name}, which is not there: {advice}")
        for base in bases:
            path = base / name
            files = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.suffix == ".py" else []
            yield from ((it, base) for it in files if it.is_file() and not any(fnmatch(it.name, p) for p in patterns))


def _make_importable(top: Path) -> None:
    """Have modules find each other by the names that they have from a folder on, as where pytest imports a conftest."""
    while top.joinpath("__init__.py").is_file():
        top = top.parent
    if str(top) not in sys.path:
        sys.path.insert(0, str(top))


NOT_LOADED = pytest.StashKey[list[NotLoaded]]()
