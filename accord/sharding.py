"""How long each scenario took, as pytest-split wants to know it, which gives each of several machines its share."""

from pathlib import Path

from accord.merging import messages
from accord.reading import UNFIT, reason
from accord.refusal import Refusal


def durations(record: Path) -> dict[str, float]:
    """Return how many seconds each scenario of a record took, by the id of its test case; its last attempt counts.

    Raises Refusal for what is no record.
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
                raise Refusal(f"{record}:{number} is no Cucumber Message: {reason(error)}") from None
    except OSError as error:
        raise Refusal(f"{record} cannot be read: {error.strerror}") from None
    return seconds


def _seconds(told: dict[str, dict[str, int]]) -> float:
    return told["timestamp"]["seconds"] + told["timestamp"]["nanos"] / 1e9
