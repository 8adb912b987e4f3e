"""The Python files of a project, read and not run: what of it is worth reading, and from where it is imported."""

import ast
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_PASSED_OVER = {"node_modules", "site-packages", "__pycache__", "build", "dist"}
_OF_TESTS = re.compile(r"tests?|testing|test_.*\.py|.*_test\.py|conftest\.py")
_FRAMEWORKS = {"fastapi", "starlette", "sqlalchemy", "pydantic", "alembic", "redis"}
# What is longer was made by a program.
_LONGEST_BYTES = 1_000_000
# Only what has one of these words can have what is looked for.
_WORTH_PARSING = re.compile(rb"fastapi|^(app|application)\b[^=\n]*=", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """A Python file of the project, and what was read in it."""

    path: Path
    tree: ast.Module

    def below(self, directory: Path) -> str:
        """Return how the path is written from there: `app/main.py`."""
        return self.path.relative_to(directory).as_posix()


class Sources:
    """The Python files below a directory: not those of environments, of packages, of builds, and hidden ones."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.invalid: list[str] = []
        """Those that may have an app and cannot be parsed: `app/main.py:3: invalid syntax`."""

    @cached_property
    def paths(self) -> list[Path]:
        """All of them, in alphabetical order of their directories."""
        found: list[Path] = []
        for folder, folders, files in os.walk(self.directory):
            folders[:] = sorted(name for name in folders if not _is_passed_over(Path(folder, name)))
            found += [Path(folder, name) for name in sorted(files) if name.endswith(".py")]
        return found

    @cached_property
    def of_tests(self) -> list[Path]:
        """Those that are tests, or belong to them."""
        return [path for path in self.paths if self.is_of_tests(path)]

    def is_of_tests(self, path: Path) -> bool:
        """Whether a file is a test or belongs to tests, by its name or a directory's."""
        return any(_OF_TESTS.fullmatch(part) for part in path.relative_to(self.directory).parts)

    @cached_property
    def of_service(self) -> list[Source]:
        """Those that are no tests, can be parsed, and mention FastAPI or have an `app`."""
        return list(self._read())

    def _read(self) -> Iterator[Source]:
        for path in self.paths:
            if self.is_of_tests(path) or (content := _content(path)) is None:
                continue
            try:
                yield Source(path, parsed(content))
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                line = getattr(error, "lineno", None) or 1
                reason = getattr(error, "msg", None) or str(error) or type(error).__name__
                self.invalid.append(f"{path.relative_to(self.directory).as_posix()}:{line}: {reason}")


def parsed(content: bytes) -> ast.Module:
    """Return the tree of a module.

    Raises what `ast.parse` raises: SyntaxError, ValueError, RecursionError, MemoryError.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(content)


def import_roots(source: Source, directory: Path, preferred: list[Path]) -> list[Path]:
    """Return the directories from which a file may be imported, the likeliest first: `backend/src`, `backend`.

    Those that are preferred go first, then the one in which most of its own imports are found, then the one
    above its outermost package.
    """
    above = [parent for parent in source.path.parents if parent == directory or directory in parent.parents]
    imported = list(_imported(source.tree))
    found_in = {parent: sum(_has_module(parent, name) for name in imported) for parent in reversed(above)}
    roots = [*preferred, *(root for root in sorted(found_in, key=lambda it: -found_in[it]) if found_in[root])]
    package = source.path.parent
    while package in above and package != directory and (package / "__init__.py").is_file():
        package = package.parent
    if package != source.path.parent:
        roots.append(package)
    roots += [directory / "src", directory, source.path.parent]
    return [root for root in dict.fromkeys(roots) if root in above and module_name(source.path, root)]


def module_name(path: Path, root: Path) -> str | None:
    """Return the name by which a file is imported from there: `app.main`; None where it cannot be."""
    parts = path.relative_to(root).with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else None


def _is_passed_over(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _PASSED_OVER or (folder / "pyvenv.cfg").exists()


def _content(path: Path) -> bytes | None:
    """Return what the file has in it, if that is worth parsing and can be read."""
    try:
        if not path.is_file() or path.stat().st_size > _LONGEST_BYTES:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    return content if _WORTH_PARSING.search(content) else None


def _imported(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports that may be of the project, by its whole name."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        # A project may have a package that is named like one of these.
        yield from (name for name in names if name.partition(".")[0] not in _FRAMEWORKS)


def _has_module(directory: Path, name: str) -> bool:
    path = directory.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()
