"""Feature files that never run: pytest passes over the folder that they are in, or their names end otherwise."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from accord.basics.source import relative
from accord.compat.pytest import is_not_recursed
from accord.gherkin.rules.switches import Switches

RULE = "passed-over-feature"
SUFFIX = ".feature"
# Nobody keeps features of one's own there, and there are many files.
_OF_OTHERS = {".git", ".hg", ".nox", ".svn", ".tox", "__pycache__", "node_modules", "site-packages"}
_OF_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")
_MOST_FOLDERS = 2000
_MOST_NAMED = 5


class PassedOver:
    """What is passed over below the paths that a run was given."""

    def __init__(self, config: pytest.Config, switches: Switches) -> None:
        self._config = config
        self._switches = switches
        self._below: list[Path] = []
        self._named_otherwise: list[Path] = []

    def note_folder(self, folder: Path) -> None:
        """Note the feature files of a folder that pytest does not collect; one that it was told to ignore has none."""
        if folder.is_dir() and is_not_recursed(self._config, folder):
            self._below += _features(folder)

    def note_file(self, file: Path) -> None:
        """Note a file that is named like a feature, but not quite."""
        if file.suffix != SUFFIX and file.suffix.lower() == SUFFIX:
            self._named_otherwise.append(file)

    def notices(self, session: pytest.Session) -> Iterator[str]:
        """Yield what is to be said at the end of the run, of what is below the paths that it was given."""
        switch = f"or name {RULE} in accord_ignore [{RULE}]"
        if files := self._counting(self._below, session):
            where = "pytest passes over the folders (norecursedirs)"
            yield f"{_sentence(files)}, since {where}: move them, {switch}"
        if files := self._counting(self._named_otherwise, session):
            where = f"the names do not end in `{SUFFIX}`"
            yield f"{_sentence(files)}, since {where}: rename them, {switch}"

    def _counting(self, files: list[Path], session: pytest.Session) -> list[str]:
        # pytest also looks through the folders that lead to a file that it was given.
        below = (file for file in files if any(map(session.isinitpath, file.parents)))
        names = (relative(file, self._config.rootpath) for file in below)
        return [name for name in names if not self._switches.is_off(RULE, name)]


def _features(folder: Path) -> Iterator[Path]:
    if _is_of_others(folder.name, folder):
        return
    # A cache may have any number of folders, and takes as long to go through.
    for path, folders, files in islice(os.walk(folder), _MOST_FOLDERS):
        folders[:] = sorted(name for name in folders if not _is_of_others(name, Path(path, name)))
        yield from (Path(path, name) for name in sorted(files) if name.endswith(SUFFIX))


def _is_of_others(name: str, folder: Path) -> bool:
    return name in _OF_OTHERS or any(folder.joinpath(it).exists() for it in _OF_ENVIRONMENTS)


def _sentence(files: list[str]) -> str:
    others = len(files) - _MOST_NAMED
    named = ", ".join(files[:_MOST_NAMED]) + (f" and {others} more" if others > 0 else "")
    return f"{named} never {'run' if len(files) > 1 else 'runs'}"


PASSED_OVER = pytest.StashKey[PassedOver]()
