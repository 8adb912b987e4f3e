"""Accord: behaviour-driven acceptance suites that product owners can read and that tell the truth.

These names are public, and nothing else is: neither modules nor what stands in them keeps its name from release to
release. What comes as a pytest plugin (fixtures, options, settings) is public as well, as the README has it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from accord import extras
from accord.errors import (
    AccordError,
    AmbiguousStepError,
    ContractViolationError,
    DeadlockError,
    LifespanError,
    NeverAwaitedError,
    OutageError,
    TimedOutError,
    UncommittedWorkError,
    UsageError,
)
from accord.guards.guard import StateGuard
from accord.isolation.isolation import Isolation
from accord.isolation.lifespan import lifespan
from accord.recording.attaching import Attach

if TYPE_CHECKING:
    from accord.contract.check import Contract
    from accord.database.address import DatabaseParts
    from accord.database.migrations import migrations
    from accord.database.provision import Prepare
    from accord.database.tables import tables

__all__ = [
    "AccordError",
    "AmbiguousStepError",
    "Attach",
    "Contract",
    "ContractViolationError",
    "DatabaseParts",
    "DeadlockError",
    "Isolation",
    "LifespanError",
    "NeverAwaitedError",
    "OutageError",
    "Prepare",
    "StateGuard",
    "TimedOutError",
    "UncommittedWorkError",
    "UsageError",
    "lifespan",
    "migrations",
    "tables",
]

# What takes packages that a suite without a database, or without an app, need not have: the module, and the extra.
_WITH_EXTRA = {
    "Contract": ("accord.contract.check", "fastapi"),
    "DatabaseParts": ("accord.database.address", "postgres"),
    "Prepare": ("accord.database.provision", "postgres"),
    "migrations": ("accord.database.migrations", "postgres"),
    "tables": ("accord.database.tables", "postgres"),
}


def __getattr__(name: str) -> Any:
    """Import one of those when it is used. Raises ImportError with the sentence that says what is missing."""
    if name not in _WITH_EXTRA:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, extra = _WITH_EXTRA[name]
    try:
        extras.check(extra, f"accord.{name}")
    except UsageError as error:
        raise ImportError(str(error)) from None
    return getattr(import_module(module), name)
