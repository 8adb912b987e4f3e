"""What a project has set for pytest."""

import configparser
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class PytestSettings:
    """What the project has set for pytest, as far as it concerns where files are found."""

    file: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def paths(self, name: str) -> list[str]:
        """Return a setting that is a list."""
        value = self.values.get(name, [])
        if isinstance(value, list):
            return [str(it) for it in value]
        return value.split() if isinstance(value, str) else []

    @property
    def imports_by_path(self) -> bool:
        """Whether pytest leaves `sys.path` as it is (`--import-mode=importlib`)."""
        return "importlib" in " ".join(self.paths("addopts"))


def pytest_settings(directory: Path) -> PytestSettings:
    """Return the settings of the file that pytest reads in that directory; none where there is no such file.

    The order is pytest's own (https://docs.pytest.org/en/stable/reference/customize.html).
    """
    for name, sections in (
        ("pytest.toml", ("pytest",)),
        (".pytest.toml", ("pytest",)),
        ("pytest.ini", ("pytest",)),
        (".pytest.ini", ("pytest",)),
        ("pyproject.toml", ("tool", "pytest")),
        ("tox.ini", ("pytest",)),
        ("setup.cfg", ("tool:pytest",)),
    ):
        with suppress(OSError, ValueError, configparser.Error):
            values = _section(directory / name, sections)
            if values is not None or name in ("pytest.ini", ".pytest.ini"):
                return PytestSettings(directory / name, values or {})
    return PytestSettings()


def _section(file: Path, names: tuple[str, ...]) -> Mapping[str, Any] | None:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".toml":
        content: Any = tomllib.loads(text)
        for name in names:
            content = content.get(name) if isinstance(content, dict) else None
        content = content.get("ini_options", content) if isinstance(content, dict) else None
        return content if isinstance(content, dict) and content else None
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return dict(parser[names[0]]) if parser.has_section(names[0]) else None
