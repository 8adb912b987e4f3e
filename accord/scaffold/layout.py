"""Where the files of a first suite go, so that nothing of the project is in their way, nor they in its."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from accord.errors import UsageError
from accord.scaffold.pytest_settings import PytestSettings
from accord.scaffold.service import Service
from accord.scaffold.sources import Sources, parsed
from accord.scaffold.suite import Layout, quoted

# What they assign they have as they want it in any case.
_READ = re.compile(r"""(?:setdefault|getenv|environ\.get)\(\s*["'](\w+)""")


def features_directory(directory: Path) -> str:
    """Return the name of the directory of features: another one where `features` has something else in it."""
    for name in ("features", "acceptance"):
        folder = directory / name
        if (feature := next(folder.rglob("*.feature"), None)) is not None:
            path = feature.relative_to(directory).as_posix()
            raise UsageError(
                f"There are features already, such as {path}: `accord init` begins a suite where there is none. "
                "Nothing is written."
            )
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return name
    raise UsageError(
        f"{directory} has both `features` and `acceptance`, with something else in them: nothing is written."
    )


def choose_layout(service: Service, sources: Sources, settings: PytestSettings, features: str) -> Layout:
    """Return where the files go, and what is on `sys.path` for them by the conftest or the configuration of pytest.

    The conftest is the project's root one, unless there is one already, or tests look at the settings that the service
    needs at import.
    """
    directory = sources.directory
    is_alone = not (directory / "conftest.py").exists() and not _is_read_by_tests(service.environment, sources)
    steps = next((name for name in ("steps", "acceptance_steps") if _is_free(directory, name)), None)
    if is_alone and steps is None:
        raise UsageError(f"{directory} has both `steps` and `acceptance_steps`: nothing is written.")
    configured = {(directory / path).resolve() for path in settings.paths("pythonpath")}
    # pytest puts the directory of a conftest on sys.path, unless it is in a package.
    brings_root = (is_alone or (directory / "conftest.py").exists()) and not (directory / "__init__.py").exists()
    if settings.imports_by_path:
        brings_root = False
    needed = [directory] if is_alone or service.root == directory else []
    needed += [service.root] if service.root != directory and service.needs_path else []
    missing = [root for root in needed if root not in configured and not (root == directory and brings_root)]
    layout = Layout(directory, features, steps if is_alone else None)
    if settings.file is None:
        paths = " ".join(root.relative_to(directory).as_posix() for root in missing)
        wanted = {"pythonpath": paths, "accord_base_url": service.found["base_url"]}
        return replace(layout, settings={name: value for name, value in wanted.items() if value})
    here = "Path(__file__).parent" if is_alone else "Path(__file__).parents[1]"
    return replace(
        layout,
        paths=[
            f"str({here})" if root == directory else f"str({here} / {quoted(root.relative_to(directory).as_posix())})"
            for root in missing
        ],
    )


def has_client(conftest: Path) -> bool:
    """Whether a conftest has a fixture `client`, which would stand in the place of Accord's."""
    try:
        tree = parsed(conftest.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(getattr(node, "name", None) == "client" for node in tree.body)


def _is_free(directory: Path, name: str) -> bool:
    return not (directory / name).exists() and not (directory / f"{name}.py").exists()


def _is_read_by_tests(environment: Mapping[str, str], sources: Sources) -> bool:
    """Whether tests of the project's own look at one of these, so that a conftest above them would be in their way."""
    for path in sources.of_tests if environment else ():
        with suppress(OSError):
            text = path.read_text(encoding="utf-8", errors="replace")
            if not environment.keys().isdisjoint(_READ.findall(text)):
                return True
    return False
