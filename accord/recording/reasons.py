"""Why a scenario was not run, or is not expected to hold, in words that whoever wrote it understands."""

import pytest

from accord.compat.pytest_bdd import StepDefinitionNotFoundError
from accord.gherkin.ahead import REASON
from accord.recording.pickles import Pickle

# What pytest says where a mark gives no reason.
_NO_REASON = "unconditional skip"
_SKIP = "@skip"
_NOT_YET = "not yet implemented"
_UNDEFINED = "no step definition says"


def explained(
    report: pytest.TestReport, error: BaseException | None, said: str, pickle: Pickle, sentence: str | None
) -> str:
    """Return what to say in place of what a report says, or just that; `sentence` is the step's that was to run.

    Where a tag alone is the reason, the description of the scenario says more than anybody else.
    """
    expected = getattr(report, "wasxfail", None)
    if expected in (REASON, ""):
        cause = "" if said == REASON else said
        if isinstance(error, StepDefinitionNotFoundError) and sentence:
            cause = _with_difference_below(said, sentence)
        if expected == REASON or pickle.description:
            return "\n".join(filter(None, (pickle.description, cause))) or _NOT_YET
    if report.skipped and said == _NO_REASON:
        reason = f"tagged {_SKIP}" if _SKIP in pickle.tags else "left out by the code of the suite, without a reason"
        return ": ".join(filter(None, (reason, pickle.description)))
    return said


def _with_difference_below(said: str, sentence: str) -> str:
    """Return which sentence has no definition yet, and only below that from which one it differs."""
    before, found, difference = said.partition(sentence)
    if not found:
        return said
    before = before.replace(_UNDEFINED, f"{_UNDEFINED} yet", 1)
    difference = difference.removeprefix(": ")
    return "\n".join(filter(None, (f"{before}{found}", f"{difference[:1].upper()}{difference[1:]}")))
