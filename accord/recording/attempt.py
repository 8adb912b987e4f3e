"""One attempt at a scenario: what became of its steps and fixtures, and what was attached to them."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from accord.basics.clock import now
from accord.basics.failures import text_of
from accord.basics.source import location
from accord.compat.pytest_bdd import StepDefinition, StepDefinitionNotFoundError
from accord.errors import AmbiguousStepError
from accord.recording.envelopes import (
    COMMAND,
    EXPECTED,
    SET_UP,
    TEAR_DOWN,
    Envelope,
    step_envelopes,
    suggestion,
    timestamp,
)
from accord.recording.har import Entry, archive, hidden
from accord.recording.pickles import Pickle
from accord.recording.redaction.redaction import Redaction
from accord.recording.redaction.values import DOTS
from accord.steps.undefined import UNDEFINED

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
        failure = _failure(kind, text, shown)
        return cls(_status(report, error), started, now(), failure)

    @classmethod
    def of_check(cls, text: str, started: int, redaction: Redaction) -> "Result":
        """Return what a failed check says, after which the step went on."""
        shown = redaction.text(text)
        return cls("FAILED", started, now(), _failure("Failure", shown.partition("\n")[0], shown))

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
        return cls(status, results[0].started, results[-1].finished, _failure(kind, messages, shown))

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
            self.failure = _failure(exception["type"], text, shown)

    def envelopes(self, attempt: str, step: str) -> tuple[Envelope, Envelope]:
        """Return the messages of its start and its end."""
        return step_envelopes(attempt, step, self.status, self.started, self.finished, self.failure)


@dataclass
class Attachment:
    """What is attached; the body of an exchange is made at the end, when all secrets of the scenario are known."""

    envelope: Envelope
    exchange: Entry | None
    known_secrets: int
    """How many secret values were known by then."""

    def hide(self, redaction: Redaction) -> None:
        """Hide all that is known to be secret by now, be it since then."""
        if self.envelope["contentEncoding"] == "BASE64":
            return
        # Nothing was learned since, so that there is nothing more to hide.
        is_hidden = self.known_secrets == redaction.known
        if self.exchange is not None:
            self.envelope["body"] = archive([self.exchange if is_hidden else hidden(redaction, self.exchange)])
        elif not is_hidden:
            self.envelope["body"] = redaction.hide(self.envelope["body"], DOTS)


@dataclass
class Attempt:
    """An attempt at a scenario, whose test case has this id."""

    item: pytest.Item
    case: str
    pickle: Pickle
    number: int
    redaction: Redaction
    started: int = field(default_factory=now)
    exchanges: dict[int, list[Entry]] = field(default_factory=dict)
    """What went over the wire in each step, by its number."""
    _step_started: int | None = None
    _results: list[Result] = field(default_factory=list)
    _partial: list[Result] = field(default_factory=list)
    """What failed in the step that runs, or since the last one, and did not end the scenario."""
    _set_up: Result | None = None
    _tear_down: Result | None = None
    _attachments: dict[int | None, list[Attachment]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its id in messages."""
        return f"{self.case}.attempt.{self.number}"

    @property
    def hooks(self) -> list[dict[str, Any]]:
        """The hooks that stand for the fixtures around the steps, where something is to be said of those."""
        return [hook for hook, result in ((SET_UP, self._set_up), (TEAR_DOWN, self._tear_down)) if result]

    @property
    def has_failed(self) -> bool:
        """Whether something in it has not passed."""
        results = filter(None, (self._set_up, self._tear_down, *self._results))
        return any(result.status != "PASSED" for result in results)

    def begin_step(self) -> None:
        """The next step begins."""
        self._step_started = now()

    def pass_step(self, failed_checks: Iterable[str] = ()) -> None:
        """The step has passed, unless a part of it failed, as a subtest, or one of these checks."""
        if (started := self._step_started) is not None:
            self._partial += [Result.of_check(check, started, self.redaction) for check in failed_checks]
            self._results.append(self._whole() if self._partial else Result("PASSED", started, now()))
            self._step_started = None

    def fail_partly(self, report: pytest.TestReport, error: BaseException | None) -> None:
        """Note why a part of it failed, which goes on."""
        self._partial.append(self._result(report, error))

    def name_part(self, name: str) -> None:
        """Name the part that failed last."""
        failure = self._partial[-1].failure
        message = f"{name}: {failure['message']}"
        failure["message"] = failure["exception"]["message"] = self.redaction.text(message)

    def fail(self, report: pytest.TestReport, error: BaseException | None) -> None:
        """Note why it fails or is skipped: in its fixtures, or in the step that runs or would be next."""
        result = self._result(report, error)
        # One without steps can fail too, and has no step to say it at.
        if report.when == "setup" or (report.when == "call" and not self.pickle.steps):
            self._set_up = result
        elif report.when == "teardown":
            self._tear_down = result
        else:
            self._say_last(result)
            if result.status == "PENDING":
                # It is expected to fail: so are the steps that went on.
                for other in self._results:
                    other.status = "PENDING" if other.status == "FAILED" else other.status
        self._step_started = None

    def pass_unexpectedly(self, reason: str) -> None:
        """Note at the last step that it was expected to fail, and passed all the same."""
        if self._results and not self._results[-1].failure:
            text = self.redaction.text(f"It was expected to fail, and holds. {reason}".strip())
            self._results[-1].failure = _failure(EXPECTED, text, text)

    def end(self) -> None:
        """It has ended."""
        if self._partial:
            self._say_last()

    def fit(self, hooks: Sequence[dict[str, Any]]) -> None:
        """Have the same hooks as the first attempt, whose test case is this one's: steps say what others would."""
        began = Result("PASSED", self.started, self.started)
        if SET_UP in hooks:
            self._set_up = self._set_up or began
        elif self._set_up is not None:
            self._results, self._set_up = [self._set_up], None
        if TEAR_DOWN in hooks:
            self._tear_down = self._tear_down or began
        elif self._tear_down is not None:
            self._say_last(self._tear_down)
            self._tear_down = None

    def _say_last(self, *result: Result) -> None:
        """Note what ends the steps; what comes to light after the last step is said there."""
        last = self._results[len(self.pickle.steps) - 1 :]
        del self._results[len(self.pickle.steps) - 1 :]
        self._results.append(self._whole(*(it for it in last if it.status == "FAILED"), *result))

    def _whole(self, *results: Result) -> Result:
        whole = Result.together([*self._partial, *results])
        self._partial = []
        return whole

    def _result(self, report: pytest.TestReport, error: BaseException | None) -> Result:
        return Result.of(report, error, self._step_started or now(), self.redaction, self.item.config.rootpath)

    def add_exchange(self, exchange: Entry) -> None:
        """Attach what went over the wire."""
        self.exchanges.setdefault(len(self._results), []).append(exchange)
        self.attach("", "application/har+json", "exchange.har", exchange)

    def attach(
        self, body: str, media_type: str, name: str, exchange: Entry | None = None, encoding: str = "IDENTITY"
    ) -> None:
        """Attach something to the step that runs, or to the scenario where none does."""
        index = None if self._step_started is None else len(self._results)
        envelope = {"body": body, "contentEncoding": encoding, "mediaType": media_type, "fileName": name}
        attachment = Attachment({**envelope, "timestamp": timestamp(now())}, exchange, self.redaction.known)
        self._attachments.setdefault(index, []).append(attachment)

    def hide(self) -> None:
        """Hide in all of it what was seen to be secret at any time in it."""
        for attachments in self._attachments.values():
            for attachment in attachments:
                attachment.hide(self.redaction)
        if self.redaction.known:
            for result in filter(None, (self._set_up, self._tear_down, *self._results)):
                result.hide(self.redaction)

    def envelopes(self, definitions: Sequence[Sequence[StepDefinition]], worker: str | None) -> Iterator[Envelope]:
        """Yield its messages but the end; `definitions` are those that match each of its steps."""
        started = {"id": self.id, "testCaseId": self.case, "attempt": self.number, "timestamp": timestamp(self.started)}
        yield {"testCaseStarted": started | ({"workerId": worker} if worker else {})}
        if any(result.fails_run for result in filter(None, (self._set_up, self._tear_down, *self._results))):
            self.attach(f"pytest {shlex.quote(self.item.nodeid)}", COMMAND, "command")
        yield from self._attached(None, {"testCaseStartedId": self.id})
        if self._set_up is not None:
            yield from self._set_up.envelopes(self.id, f"{self.case}.set-up")
        for number, matching in enumerate(definitions):
            yield from self._step_envelopes(number, len(matching))
        if self._tear_down is not None:
            yield from self._tear_down.envelopes(self.id, f"{self.case}.tear-down")

    def finished(self) -> Envelope:
        """Return the message of its end, as it is where it is not tried again."""
        finished = {"testCaseStartedId": self.id, "timestamp": timestamp(now()), "willBeRetried": False}
        return {"testCaseFinished": finished}

    def _step_envelopes(self, number: int, matching: int) -> Iterator[Envelope]:
        step, test_step = self.pickle.steps[number], f"{self.case}.step.{number}"
        if number < len(self._results):
            result = self._results[number]
        elif any(it.ends_scenario for it in (*self._results[-1:], *filter(None, (self._set_up,)))):
            result = Result("SKIPPED", at := now(), at)
        else:
            # By the number of definitions: without any, with the one that was not reached, with several.
            result = Result(("UNDEFINED", "SKIPPED", "AMBIGUOUS")[min(matching, 2)], at := now(), at)
        begun, finished = result.envelopes(self.id, test_step)
        yield begun
        yield from self._attached(number, {"testCaseStartedId": self.id, "testStepId": test_step})
        undefined = self.item.config.stash.get(UNDEFINED, None)
        if result.status == "UNDEFINED" and undefined is not None:
            yield suggestion(test_step, step.id, undefined.snippet(step.kind, step.sentence))
        yield finished

    def _attached(self, index: int | None, ids: dict[str, str]) -> Iterator[Envelope]:
        for attachment in self._attachments.get(index, ()):
            yield {"attachment": {**attachment.envelope, **ids}}


def _failure(kind: str, message: str, shown: str) -> dict[str, Any]:
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
