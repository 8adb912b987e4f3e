"""Harmless values for the settings that an app needs when it is imported, and the settings of the project's pytest."""

import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "example.env", "env.example", ".env-example")
_TYPES = {"int": "1", "float": "1.0", "bool": "false", "EmailStr": "test@example.com", "date": "2026-01-01"}
_COLLECTION = re.compile(r"\b(list|set|tuple|dict|List|Set|Tuple|Dict|Sequence)\b")
_URLS = (
    (re.compile(r"REDIS|CACHE|BROKER|CELERY"), "redis://localhost:6379/0"),
    (re.compile(r"RABBIT|AMQP"), "amqp://localhost:5672/"),
    (re.compile(r"MONGO"), "mongodb://localhost:27017/"),
    (re.compile(r"DATABASE|POSTGRES|PG|DB|SQL"), "postgresql+asyncpg://app:app@localhost/test"),
)
_NAMES = (
    (re.compile(r"URLS?$|URI$|DSN$|ENDPOINT$"), "http://localhost"),
    (re.compile(r"REDIS.*PORT$"), "6379"),
    (re.compile(r"PORT$"), "5432"),
    (re.compile(r"HOST(NAME)?$|SERVER$"), "localhost"),
    (re.compile(r"EMAIL|MAIL_FROM"), "test@example.com"),
    (re.compile(r"ALGORITHM$"), "HS256"),
    (re.compile(r"MINUTES|SECONDS|HOURS|DAYS|TIMEOUT|TTL|SIZE|LIMIT|COUNT"), "60"),
    (re.compile(r"DEBUG|ENABLED?$|^USE_|^IS_"), "false"),
    (re.compile(r"SECRET|KEY|TOKEN|SALT|PASSWORD"), "only-for-tests-only-for-tests-only"),
)


def example_values(directory: Path) -> dict[str, str]:
    """Return the values that a file such as `.env.example` shows; those of `.env` itself are nobody else's."""
    try:
        read = import_module("dotenv").dotenv_values
    except ImportError:  # Who has such a file mostly has python-dotenv.
        return {}
    for name in _EXAMPLES:
        with suppress(OSError, ValueError):
            if (directory / name).is_file():
                values: Mapping[str, str | None] = read(directory / name, interpolate=False)
                return {name: value for name, value in values.items() if value}
    return {}


def harmless_value(setting: Mapping[str, Any], examples: Mapping[str, str], previous: str | None) -> str | None:
    """Return a value for tests, or None if all that come to mind were tried."""
    values = list(dict.fromkeys(_values(setting, examples)))
    if previous is None:
        return values[0]
    later = values[values.index(previous) + 1 :] if previous in values else []
    return later[0] if later else None


def _values(setting: Mapping[str, Any], examples: Mapping[str, str]) -> Iterator[str]:
    name, kind = str(setting["name"]).upper(), str(setting["type"])
    if setting["name"] in examples:
        yield examples[setting["name"]]
    if kind.startswith("one of:"):
        yield kind.removeprefix("one of:")
    if kind in _TYPES:
        yield from (value for pattern, value in _NAMES if kind == "int" and value.isdigit() and pattern.search(name))
        yield _TYPES[kind]
    elif _COLLECTION.search(kind):
        yield "{}" if "dict" in kind.lower() else "[]"
        yield '["http://localhost"]'
    is_url = "Dsn" in kind or "Url" in kind or re.search(r"URL|URI|DSN", name)
    if is_url:
        yield from (value for pattern, value in _URLS if pattern.search(name) or pattern.search(kind.upper()))
    yield from (value for pattern, value in _NAMES if pattern.search(name))
    yield from ("test", "http://localhost", "1", "false")


@dataclass(frozen=True)
class PytestSettings:
    """What the project has set for pytest, as far as it concerns where files are found."""

    file: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def paths(self, name: str) -> list[str]:
        """Return a setting that is a list."""
        value = self.values.get(name, [])
        return value.split() if isinstance(value, str) else [str(it) for it in value]

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
            content = content.get(name, {})
        found = content.get("ini_options", content)
        return found or None
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return dict(parser[names[0]]) if parser.has_section(names[0]) else None
