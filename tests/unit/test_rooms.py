"""Which part of the repository knows which: what stands above is not known below."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = [
    "basics",
    "errors",
    "extras",
    "cache",
    "compat",
    "running",
    "timeouts",
    "steps",
    "gherkin",
    "catalogue",
    "hookspecs",
    "database",
    "contract",
    "isolation",
    "guards",
    "recording",
    "living_docs",
    "reporting",
    "debugging",
    "fixtures",
    "misspelt",
    "plugin",
    "pitfalls",
    "scaffold",
    "cli",
]
"""The rooms and modules of Accord, from the bottom: each knows those before it, and itself."""
TOP = {"accord", "app", "benchmarks", "conftest", "docs", "steps", "tests"}


@cache
def imports(path: str) -> list[tuple[str, str]]:
    """Return what the modules below a folder import, with the place: `accord.basics.text`, `accord/cli.py:14`."""
    found: list[tuple[str, str]] = []
    there = ROOT / path
    for file in [there] if there.is_file() else sorted(there.rglob("*.py")):
        of_file = file.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{of_file}:{node.lineno}: a relative import: name the whole module"
                # `from accord import living_docs` is of the room, `from accord import Isolation` of Accord itself.
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            found += [(name, f"{of_file}:{node.lineno}") for name in names]
    return found


def room(of: str) -> str | None:
    """Return the room of Accord that a module is in; None is no room of it, or Accord's own public names."""
    first, _, rest = of.partition(".")
    name = rest.partition(".")[0]
    return name if first == "accord" and name in ROOMS else None


@pytest.mark.parametrize(
    ("folder", "known"),
    [
        ("accord", {"accord"}),
        ("app", {"app"}),
        ("steps", {"accord", "app", "conftest", "steps"}),
        ("conftest.py", {"accord", "app", "conftest", "steps"}),
        ("benchmarks", {"accord", "app", "benchmarks", "conftest", "steps"}),
        ("docs", {"accord", "app", "conftest", "docs", "steps"}),
        ("tests", TOP - {"benchmarks", "docs"}),
    ],
)
def test_a_folder_knows_those_below_it_only(folder: str, known: set[str]) -> None:
    found = [f"{place} imports {name}" for name, place in imports(folder) if name.partition(".")[0] in TOP - known]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("folder", ["benchmarks", "docs"])
def test_what_users_see_is_shown_and_measured_by_the_public_names_alone(folder: str) -> None:
    found = [f"{place} imports {name}" for name, place in imports(folder) if room(name)]
    assert not found, "\n".join(found)


def test_each_module_of_accord_is_in_a_room() -> None:
    there = {
        path.stem for path in (ROOT / "accord").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert there - {"__init__"} <= set(ROOMS)


def test_a_room_knows_those_below_it_only() -> None:
    found = [
        f"{place} imports {name}"
        for name, place in imports("accord")
        if (here := room(place.partition(":")[0].replace("/", ".").removesuffix(".py")))
        and (there := room(name))
        and ROOMS.index(there) > ROOMS.index(here)
    ]
    assert not found, "\n".join(found)
