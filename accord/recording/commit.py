"""Of which commit the files are that a run is of, and whether they still are as that commit has them."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# What git says where there is none.
_NO_COMMIT, _NO_BRANCH = "(initial)", "(detached)"
# What a run is made of. A server of CI may generate other files, such as reports, which change nothing.
_SOURCES = (".feature", ".py")


@dataclass(frozen=True)
class WorkingTree:
    """The commit that is checked out, its branch if there is one, and whether there are changes to it."""

    commit: str
    branch: str
    is_changed: bool


def working_tree(root: Path, uris: Iterable[str]) -> WorkingTree | None:
    """Ask git; None where there is no repository, no commit, or no git.

    A tracked file that is otherwise is a change, and so is one of features or Python that was never added and lies in
    a folder of the root that has some of the `uris`: the feature files and step definitions of a run.
    """
    # A lock would have a `git commit` beside this fail.
    status = _git(root, "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=no", "-z")
    commit, branch = (_value(status, name) for name in ("oid", "head"))
    if commit in ("", _NO_COMMIT):
        return None
    is_changed = any(not line.startswith("# ") for line in status) or _has_untracked(root, uris)
    return WorkingTree(commit, "" if branch == _NO_BRANCH else branch, is_changed)


def _value(status: list[str], name: str) -> str:
    start = f"# branch.{name} "
    return next((line.removeprefix(start) for line in status if line.startswith(start)), "")


def _has_untracked(root: Path, uris: Iterable[str]) -> bool:
    # A file in the root itself stands for itself: below that folder lies all that there is.
    paths = sorted({PurePosixPath(uri).parts[0] for uri in uris if uri and not uri.startswith(("/", ".."))})
    if not paths:
        return False
    untracked = _git(root, "--literal-pathspecs", "ls-files", "--others", "--exclude-standard", "-z", "--", *paths)
    return any(name.endswith(_SOURCES) for name in untracked)


def _git(root: Path, *arguments: str) -> list[str]:
    """Return what git says, without the NULs between; nothing where it fails."""
    try:
        run = subprocess.run(["git", *arguments], cwd=root, capture_output=True, timeout=10)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
    return run.stdout.decode(errors="replace").split("\0")[:-1] if run.returncode == 0 else []
