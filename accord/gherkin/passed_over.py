"""Feature files that never run: pytest passes over the folder that they are in, or their names end otherwise."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.basics.source import relative
from accord.basics.walking import files_below
from accord.compat.pytest import is_not_recursed
from accord.gherkin.rules.switches import Switches

RULE = "passed-over-feature"
SUFFIX = ".feature"
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
            self._below += files_below(folder, SUFFIX)

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


def _sentence(files: list[str]) -> str:
    others = len(files) - _MOST_NAMED
    named = ", ".join(files[:_MOST_NAMED]) + (f" and {others} more" if others > 0 else "")
    return f"{named} never {'run' if len(files) > 1 else 'runs'}"


PASSED_OVER = pytest.StashKey[PassedOver]()
