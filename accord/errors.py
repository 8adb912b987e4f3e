"""Every error of Accord's own: a sentence for people, which says what is wrong, where, and what to do."""

from typing import Any

import pytest

from accord.basics.text import visible


class AccordError(Exception):
    """Accord does not go on: the message says what is wrong, where, and what to do; no traceback is shown with it."""

    def __str__(self) -> str:
        """Return the message; what it repeats of others' texts is shown as text."""
        return visible(super().__str__())


class UsageError(AccordError):
    """What was given cannot be used: a setting, an address, a file, a directory; the user can correct it."""


class NoSuchFileError(UsageError):
    """A file that was named is not there."""


class LifespanError(Exception):
    """The app's startup or shutdown failed; the error that it raised is the cause."""


class PreparationError(Exception):
    """What prepares the run's database failed; the error that it raised is the cause.

    The message says what to do, if that is known, and is empty otherwise.
    """


class UncommittedWorkError(AccordError):
    """A step changed the database and left that uncommitted when a request began.

    The request would not see the change in production; here it would, or would lose it with its own rollback.
    """


class DeadlockError(AccordError):
    """A request waits for another one that does not end: maybe for the waiting one to do something."""


class OutageError(AccordError):
    """The scenario's connection to the database was cut, or the disk of the server is full."""


class ContractViolationError(AccordError):
    """A response is not what the app's own OpenAPI document says."""

    def __init__(self, message: str, finding: Any = None) -> None:
        super().__init__(message)
        self.finding = finding
        """Of which operation the response is, where the document does not have it."""


class EmptyFeatureError(Exception):
    """The file has no feature in it."""


class FaultyFeatureError(AccordError):
    """A feature file breaks a rule, so that a scenario of it would pass without having been tested."""


class TimedOutError(AccordError):
    """Something had not ended when its time was over."""


class BlockedError(pytest.fail.Exception):  # type: ignore[misc,name-defined]
    """What blocks is interrupted. It is not an Exception, so that neither the app nor a transport handles it."""


class UnassertedStepError(AccordError):
    """A Then returned False, and nobody looks at what it returns."""


class AmbiguousStepError(AccordError):
    """More than one step definition matches a sentence."""


class StepArgumentError(AccordError):
    """An argument of a step function has no value: none of its name is there, or it cannot be converted."""


class UnusedTableError(AccordError):
    """A table or a text stands under a step, and its definition does not take it."""


class NeverAwaitedError(AccordError):
    """Something async was called and not awaited: it did not happen, or nobody saw how it ended."""
