"""Accord: behaviour-driven acceptance suites that product owners can read and that tell the truth.

These names are public, and nothing else is: neither modules nor what stands in them keeps its name from release to
release. What comes as a pytest plugin (fixtures, options, settings) is public as well, as the README has it.
"""

from accord.contract.check import Contract
from accord.database.address import DatabaseParts
from accord.database.migrations import migrations
from accord.database.provision import Prepare
from accord.database.tables import tables
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
