"""How long each scenario took, as pytest-split wants to know it, which gives each of several machines its share."""

from pathlib import Path

from accord.errors import UsageError
from accord.recording.merge import messages
from accord.recording.reader import UNFIT, reason


def durations(record: Path) -> dict[str, float]:
    """Return how many seconds each scenario of a record took, by the id of its test case; its last attempt counts.

    Raises UsageError for what is no record.
    """
    attempts: dict[str, tuple[str, float]] = {}
    seconds: dict[str, float] = {}
    try:
        for number, (kind, told) in messages(record):
            try:
                if kind == "testCaseStarted":
                    attempts[told["id"]] = told["testCaseId"], _seconds(told)
                elif kind == "testCaseFinished":
                    case, started = attempts.pop(told["testCaseStartedId"])
                    seconds[case] = _seconds(told) - started
            except UNFIT as error:
                raise UsageError(f"{record}:{number} is no Cucumber Message: {reason(error)}") from None
    except OSError as error:
        raise UsageError(f"{record} cannot be read: {error.strerror}") from None
    return seconds


def _seconds(told: dict[str, dict[str, int]]) -> float:
    return told["timestamp"]["seconds"] + told["timestamp"]["nanos"] / 1e9
