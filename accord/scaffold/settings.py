"""Harmless values for the settings that an app needs when it is imported."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "example.env", "env.example", ".env-example")
_TYPES = {"int": "1", "float": "1.0", "bool": "false", "EmailStr": "test@example.com", "date": "2026-01-01"}
_COLLECTION = re.compile(r"\b(list|set|tuple|dict|List|Set|Tuple|Dict|Sequence)\b")
_DRIVERS = ("asyncpg", "psycopg2", "psycopg")
_URLS = (
    (re.compile(r"REDIS|CACHE|BROKER|CELERY"), "redis://localhost:6379/0"),
    (re.compile(r"RABBIT|AMQP"), "amqp://localhost:5672/"),
    (re.compile(r"MONGO"), "mongodb://localhost:27017/"),
)
_DATABASE = re.compile(r"DATABASE|POSTGRES|PG|DB|SQL")
_URL = re.compile(r"URL|URI|DSN")
_NAMES = (
    (re.compile(r"URLS?$|URI$|DSN$|ENDPOINT$"), "http://localhost"),
    (re.compile(r"REDIS.*PORT$"), "6379"),
    (re.compile(r"(MAIL|SMTP).*PORT$"), "1025"),
    (re.compile(r"PORT$"), "5432"),
    (re.compile(r"HOST(NAME)?$|SERVER$"), "localhost"),
    (re.compile(r"EMAIL|MAIL_FROM"), "test@example.com"),
    (re.compile(r"ALGORITHM$"), "HS256"),
    (re.compile(r"MINUTES|SECONDS|HOURS|DAYS|TIMEOUT|TTL|SIZE|LIMIT|COUNT"), "60"),
    (re.compile(r"DEBUG|ENABLED?$|^USE_|^IS_"), "false"),
    (re.compile(r"SECRET|KEY|TOKEN|SALT|PASSWORD"), "only-for-tests-only-for-tests-only"),
)


class HarmlessValues:
    """Values for settings, by their names and types: those of the project's own examples first."""

    def __init__(self, *directories: Path) -> None:
        self._examples = next((it for directory in directories if (it := _example_values(directory))), {})
        self._database_url = f"postgresql+{_driver(directories)}://app:app@localhost/test"

    def forget_examples(self) -> bool:
        """Go on without the examples; return whether there were some."""
        had, self._examples = bool(self._examples), {}
        return had

    def value(self, setting: Mapping[str, Any], tried: Collection[str]) -> str | None:
        """Return the next value to try; None if all that come to mind were tried."""
        return next((value for value in self._values(setting) if value not in tried), None)

    def _values(self, setting: Mapping[str, Any]) -> Iterator[str]:
        name, kind = str(setting["name"]).upper(), str(setting["type"])
        if name in self._examples:
            yield self._examples[name]
        if kind.startswith("one of:"):
            yield kind.removeprefix("one of:")
        named = [value for pattern, value in _NAMES if pattern.search(name)]
        if kind in _TYPES:
            yield from (value for value in named if kind == "int" and value.isdigit())
            yield _TYPES[kind]
        elif _COLLECTION.search(kind):
            yield from ['["*"]'] if "HOST" in name else []
            yield "{}" if "dict" in kind.lower() else "[]"
            yield '["http://localhost"]'
        if "Dsn" in kind or "Url" in kind or _URL.search(name):
            yield from (value for pattern, value in _URLS if pattern.search(name) or pattern.search(kind.upper()))
            if _DATABASE.search(name) or _DATABASE.search(kind.upper()):
                yield self._database_url
        yield from (*named, "test", "http://localhost", "1", "false")


def _example_values(directory: Path) -> dict[str, str]:
    """Return the values that a file such as `.env.example` shows; those of `.env` itself are nobody else's."""
    try:
        read = import_module("dotenv").dotenv_values
    except ImportError:  # Who has such a file mostly has python-dotenv.
        return {}
    for name in _EXAMPLES:
        with suppress(OSError, ValueError):
            if (directory / name).is_file():
                values: Mapping[str, str | None] = read(directory / name, interpolate=False)
                return {name.upper(): value for name, value in values.items() if value}
    return {}


def _driver(directories: Sequence[Path]) -> str:
    """Return the driver of PostgreSQL that the project requires."""
    required = ""
    for file in (it for directory in directories for it in (directory / "pyproject.toml", *directory.glob("*.txt"))):
        with suppress(OSError):
            required += file.read_text(encoding="utf-8", errors="replace")
    return next((driver for driver in _DRIVERS if driver in required), _DRIVERS[0])
