"""What the user gave as the address of the run's database, and where. It is read in `address.py`."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

ENVIRONMENT = pytest.StashKey[dict[str, str | None]]()
"""What the variables were set to that name an address, where the run was started."""
OPTION = "--accord-database-url"
VARIABLE = "ACCORD_DATABASE_URL"
"""The environment variable for Accord alone."""
VARIABLE_OF_APPS = "DATABASE_URL"
"""What many services read themselves, and a run only where the other two say nothing."""
SUFFIX = "_test"
"""How the name of a database for tests ends."""
OWN_SERVER = f"set {VARIABLE} to use a server of your own."
"""How a sentence on a PostgreSQL ends that Accord cannot start."""


@dataclass(frozen=True)
class Given:
    """An address that the user gave, and where: the option or the variable that messages name."""

    address: str
    source: str


class _Source:
    """Where the address of this process's run was given."""

    name = VARIABLE_OF_APPS


def environment() -> dict[str, str | None]:
    """Return what the variables that name an address are set to; None for one that is not set."""
    return {name: os.environ.get(name) for name in (VARIABLE, VARIABLE_OF_APPS)}


def given(option: str | None = None, variables: Mapping[str, str | None] | None = None) -> Given | None:
    """Return the address that counts: the option's, else ACCORD_DATABASE_URL's, else DATABASE_URL's.

    The first of them that is set counts; None if that is empty, or if none is set. `variables` is what `environment`
    returned, if it was earlier.
    """
    found = {OPTION: option, **(environment() if variables is None else variables)}
    source, address = next(((name, it) for name, it in found.items() if it is not None), ("", ""))
    return Given(address, source) if address else None


def given_to(config: pytest.Config) -> Given | None:
    """Return the address that counts for a run: what its conftests set in the environment is the app's."""
    return given(config.getoption("accord_database_url"), config.stash.get(ENVIRONMENT, None))


@contextmanager
def given_in(source: str) -> Iterator[None]:
    """Have what is said of addresses in the block, in any thread, name where the address was given."""
    before, _Source.name = _Source.name, source
    try:
        yield
    finally:
        _Source.name = before


def origin() -> str:
    """Return where the address of this process's run was given, for messages."""
    return _Source.name
