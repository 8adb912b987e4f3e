"""The files of a project below a folder."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

# Nobody keeps features or steps of one's own there, and there are many files.
_OF_OTHERS = {".git", ".hg", ".nox", ".svn", ".tox", "__pycache__", "node_modules", "site-packages"}
_OF_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")
_MOST_FOLDERS = 2000


def files_below(folder: Path, suffix: str) -> Iterator[Path]:
    """Yield the files below a folder whose names end so, but for those of environments, caches and the like."""
    if _is_of_others(folder.name, folder):
        return
    # A cache may have any number of folders, and takes as long to go through.
    for path, folders, files in islice(os.walk(folder), _MOST_FOLDERS):
        folders[:] = sorted(name for name in folders if not _is_of_others(name, Path(path, name)))
        yield from (Path(path, name) for name in sorted(files) if name.endswith(suffix))


def _is_of_others(name: str, folder: Path) -> bool:
    return name in _OF_OTHERS or any(folder.joinpath(it).exists() for it in _OF_ENVIRONMENTS)
