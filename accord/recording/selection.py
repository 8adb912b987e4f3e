"""Whether the command line has a run be of a part: by options, names, lines, or paths that leave features out."""

from pathlib import Path

import pytest

from accord.compat.pytest import typed_options

_SELECTING = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise")


def is_bare(config: pytest.Config) -> bool:
    """Return whether nothing was said: what such a run leaves out, the project itself leaves out by its settings."""
    return not config.invocation_params.args


def is_share(config: pytest.Config) -> bool:
    """Return whether pytest-split gives this run a share, which is to be merged with those of other machines."""
    return bool(getattr(config.option, "splits", None))


def selects(config: pytest.Config) -> bool:
    """Return whether the command line selects among the features that there are.

    Settings do not: what they select is the whole of the project.
    """
    typed = typed_options(config)
    if any(getattr(typed, name, None) for name in _SELECTING):
        return True
    paths = [Path(config.invocation_params.dir, path) for path in typed.file_or_dir]
    # Names and lines after a path are no part of a file's name.
    return not all(path.exists() for path in paths) or any(_leaves_out(path, paths, config) for path in paths)


def _leaves_out(path: Path, paths: list[Path], config: pytest.Config) -> bool:
    """Return whether features beside a path, in the same folder of the project, are below none of the paths."""
    if any(Path(config.rootpath, whole).is_relative_to(path) for whole in config.getini("testpaths")):
        return False
    if not path.is_relative_to(config.rootpath):
        return False
    folder, *below = path.relative_to(config.rootpath).parts or (".",)
    if not below and path.is_dir():
        return False
    beside = Path(config.rootpath, folder).rglob("*.feature") if below else config.rootpath.glob("*.feature")
    return not all(any(feature.is_relative_to(it) for it in paths) for feature in beside)
