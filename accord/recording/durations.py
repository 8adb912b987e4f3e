"""How long each scenario took, as pytest-split wants to know it, which gives each of several machines its share."""

from pathlib import Path

from accord.recording.envelopes import seconds
from accord.recording.reader import UNFIT, invalid, messages

# Large or many, and without a duration of a whole scenario.
_UNNEEDED = ("source", "gherkinDocument", "pickle", "attachment", "testStepStarted", "testStepFinished")


def durations(file: Path) -> dict[str, float]:
    """Return how many seconds each scenario of a messages file took, by the id of its test case.

    Of several attempts the last one counts. Raises UsageError for what is not a messages file.
    """
    attempts: dict[str, tuple[str, float]] = {}
    found: dict[str, float] = {}
    for number, kind, message in messages(file, without=_UNNEEDED):
        try:
            if kind == "testCaseStarted":
                attempts[message["id"]] = message["testCaseId"], seconds(message["timestamp"])
            elif kind == "testCaseFinished":
                case, started = attempts.pop(message["testCaseStartedId"])
                found[case] = seconds(message["timestamp"]) - started
        except UNFIT as error:
            raise invalid(file, number, error) from None
    return found
