"""What came of a step, or of what is around the steps, as messages say it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from accord.basics.clock import now
from accord.basics.failures import text_of
from accord.basics.source import location
from accord.compat.pytest_bdd import StepDefinitionNotFoundError
from accord.errors import AmbiguousStepError
from accord.recording.envelopes import EXPECTED, Envelope, step_envelopes
from accord.recording.redaction.redaction import Redaction

_FAILED = ("FAILED", "UNDEFINED", "AMBIGUOUS", "PENDING")
# What pytest says where a test that must fail passes, before the reason for which it must.
_STRICT = "[XPASS(strict)]"


@dataclass
class Result:
    """What came of a step, or of the fixtures around the steps. Times are nanoseconds since 1970."""

    status: str
    started: int
    finished: int
    failure: dict[str, Any] = field(default_factory=dict)
    """The message and the exception, as a test step's result has them; nothing where it passed."""

    @classmethod
    def of(
        cls,
        report: pytest.TestReport,
        error: BaseException | None,
        started: int,
        redaction: Redaction,
        rootpath: Path = Path(),
    ) -> "Result":
        """Return what a report of pytest's says of an error: in a sentence, and with all that pytest shows."""
        shown = redaction.text(_shown(report, rootpath))
        if isinstance(report.longrepr, str) or error is None:
            text = shown
        else:
            text = redaction.text(getattr(report, "wasxfail", None) or text_of(error))
        kind = EXPECTED if hasattr(report, "wasxfail") else "Failure" if error is None else type(error).__name__
        if shown.startswith(_STRICT):
            text = f"It was expected to fail, and holds: take off what says so. {shown.removeprefix(_STRICT)}".strip()
        return cls(_status(report, error), started, now(), failure(kind, text, shown))

    @classmethod
    def of_check(cls, text: str, started: int, redaction: Redaction) -> "Result":
        """Return what a failed check says, after which the step went on."""
        shown = redaction.text(text)
        return cls("FAILED", started, now(), failure("Failure", shown.partition("\n")[0], shown))

    @classmethod
    def together(cls, results: Sequence["Result"]) -> "Result":
        """Return what came of one step in which several things failed, each of which is said."""
        if len(results) == 1:
            return results[0]
        status = "FAILED" if any(it.status == "FAILED" for it in results) else results[-1].status
        failures = [it.failure for it in results if it.failure]
        messages = "\n".join(it["message"] for it in failures)
        shown = "\n\n".join(it["exception"]["stackTrace"] for it in failures)
        kind = EXPECTED if any(it["exception"]["type"] == EXPECTED for it in failures) else "Failure"
        return cls(status, results[0].started, results[-1].finished, failure(kind, messages, shown))

    @property
    def is_expected(self) -> bool:
        """Whether it was expected to fail."""
        return self.status == "PENDING" and self.failure["exception"]["type"] == EXPECTED

    @property
    def fails_run(self) -> bool:
        """Whether the run fails by it."""
        return self.status in _FAILED and not self.is_expected

    @property
    def ends_scenario(self) -> bool:
        """Whether nothing is said of the steps after it, be they undefined: it is skipped, or expected to fail."""
        return self.status == "SKIPPED" or self.is_expected

    def hide(self, redaction: Redaction) -> None:
        """Hide all that is known to be secret by now."""
        if self.failure:
            exception = self.failure["exception"]
            text, shown = redaction.text(self.failure["message"]), redaction.text(exception["stackTrace"])
            self.failure = failure(exception["type"], text, shown)

    def envelopes(self, attempt: str, step: str) -> tuple[Envelope, Envelope]:
        """Return the messages of its start and its end."""
        return step_envelopes(attempt, step, self.status, self.started, self.finished, self.failure)


def failure(kind: str, message: str, shown: str) -> dict[str, Any]:
    """Return why something failed, as the result of a test step has it."""
    return {"message": message, "exception": {"type": kind, "message": message, "stackTrace": shown}}


def _shown(report: pytest.TestReport, rootpath: Path) -> str:
    if isinstance(report.longrepr, tuple):
        # Of a skip pytest has file, line and reason.
        path, line, reason = report.longrepr
        return f"{location(path, line, rootpath)}: {reason}"
    return report.longreprtext


def _status(report: pytest.TestReport, error: BaseException | None) -> str:
    # The step definition that Accord suggests raises NotImplementedError: it is still to be written.
    if hasattr(report, "wasxfail") or isinstance(error, NotImplementedError):
        return "PENDING"
    if report.skipped:
        return "SKIPPED"
    if isinstance(error, StepDefinitionNotFoundError):
        return "UNDEFINED"
    return "AMBIGUOUS" if isinstance(error, AmbiguousStepError) else "FAILED"
