"""One attempt at a scenario: what became of its steps and fixtures, and what was attached to them."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from accord.basics.clock import now
from accord.compat.pytest_bdd import StepDefinition
from accord.recording.envelopes import (
    AFTERWARDS,
    COMMAND,
    EXPECTED,
    SET_UP,
    TEAR_DOWN,
    Envelope,
    suggestion,
    timestamp,
)
from accord.recording.har import Entry, archive, hidden
from accord.recording.pickles import Pickle
from accord.recording.reasons import explained
from accord.recording.redaction.redaction import Redaction
from accord.recording.redaction.values import DOTS
from accord.recording.result import Result, failure
from accord.steps.undefined import UNDEFINED


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
    tracebacks: list[str] = field(default_factory=list)
    """Those of the app that are attached, as the log has them."""
    _step: int | None = None
    """The number of the step that runs, or that ran last."""
    _step_started: int | None = None
    _results: list[Result] = field(default_factory=list)
    _partial: list[Result] = field(default_factory=list)
    """What failed in the step that runs, or since the last one, and did not end the scenario."""
    _set_up: Result | None = None
    _afterwards: Result | None = None
    """What came to light after all steps, and is none of theirs."""
    _tear_down: Result | None = None
    _attachments: dict[int | str | None, list[Attachment]] = field(default_factory=dict)
    """By the number of the step, or the phase of the test; none of these are the scenario's."""

    @property
    def id(self) -> str:
        """Its id in messages."""
        return f"{self.case}.attempt.{self.number}"

    @property
    def hooks(self) -> list[dict[str, Any]]:
        """The hooks that stand for what is around the steps, where something is to be said of that."""
        results = ((SET_UP, self._set_up), (AFTERWARDS, self._afterwards), (TEAR_DOWN, self._tear_down))
        return [hook for hook, result in results if result]

    @property
    def has_failed(self) -> bool:
        """Whether something in it has not passed."""
        return any(result.status != "PASSED" for result in self._all())

    def begin_step(self) -> None:
        """The next step begins."""
        self._step, self._step_started = len(self._results), now()

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
        """Note why it fails or is skipped: in its fixtures, in the step that runs or would be next, or after all."""
        result = self._result(report, error)
        if report.when == "setup":
            self._set_up = result
        elif report.when == "teardown":
            self._tear_down = result
        else:
            self._say(result)
            if result.status == "PENDING":
                # It is expected to fail: so are the steps that went on.
                for other in self._results:
                    other.status = "PENDING" if other.status == "FAILED" else other.status
        self._step_started = None

    def pass_unexpectedly(self, reason: str) -> None:
        """Note at the last step that it was expected to fail, and passed all the same."""
        if self._results and not self._results[-1].failure:
            text = self.redaction.text(f"It was expected to fail, and holds. {reason}".strip())
            self._results[-1].failure = failure(EXPECTED, text, text)

    def end(self) -> None:
        """It has ended."""
        if self._partial:
            self._say()

    def fit(self, hooks: Sequence[dict[str, Any]]) -> None:
        """Have the same hooks as the first attempt, whose test case is this one's: steps say what others would."""
        began = Result("PASSED", self.started, self.started)
        if SET_UP in hooks:
            self._set_up = self._set_up or began
        elif self._set_up is not None:
            self._results, self._set_up = [self._set_up], None
        if AFTERWARDS in hooks:
            self._afterwards = self._afterwards or began
        elif self._afterwards is not None:
            self._say_last(self._afterwards)
            self._afterwards = None
        if TEAR_DOWN in hooks:
            self._tear_down = self._tear_down or began
        elif self._tear_down is not None:
            self._say_last(self._tear_down)
            self._tear_down = None

    def _say(self, *result: Result) -> None:
        """Note what ends the steps, or what comes to light once all of them have ended, and held."""
        if self._step_started is None and len(self._results) == len(self.pickle.steps):
            self._afterwards = self._whole(*filter(None, [self._afterwards]), *result)
        else:
            self._results.append(self._whole(*result))

    def _say_last(self, *result: Result) -> None:
        """Note at the last step what came to light after it."""
        last = self._results[len(self.pickle.steps) - 1 :]
        del self._results[len(self.pickle.steps) - 1 :]
        self._results.append(self._whole(*(it for it in last if it.status == "FAILED"), *result))

    def _whole(self, *results: Result) -> Result:
        whole = Result.together([*self._partial, *results])
        self._partial = []
        return whole

    def _result(self, report: pytest.TestReport, error: BaseException | None) -> Result:
        result = Result.of(report, error, self._step_started or now(), self.redaction, self.item.config.rootpath)
        number, said = len(self._results), result.failure["message"]
        sentence = self.pickle.steps[number].sentence if number < len(self.pickle.steps) else None
        if (better := self.redaction.text(explained(report, error, said, self.pickle, sentence))) != said:
            exception = result.failure["exception"]
            shown = exception["stackTrace"].replace(said, better) if report.skipped else exception["stackTrace"]
            result.failure = failure(exception["type"], better, shown)
        return result

    def add_exchange(self, exchange: Entry) -> None:
        """Attach what went over the wire."""
        self.exchanges.setdefault(len(self._results), []).append(exchange)
        self.attach("", "application/har+json", "exchange.har", exchange)

    def attach(
        self, body: str, media_type: str, name: str, exchange: Entry | None = None, encoding: str = "IDENTITY"
    ) -> None:
        """Attach something to the step that runs, or to the scenario where none does."""
        index = None if self._step_started is None else len(self._results)
        self._attach(index, body, media_type, name, exchange, encoding)

    def attach_output(self, when: str, body: str, media_type: str, name: str) -> None:
        """Attach what was written in a phase of the test: to the step that ran last by then, where the steps ran."""
        index: int | str | None = when
        if when == "call":
            index = (self._step or 0) if self.pickle.steps else None
        self._attach(index, body, media_type, name)

    def without_tracebacks(self, text: str) -> str:
        """Return what was written without the tracebacks of the app that are attached by themselves."""
        for traceback in self.tracebacks:
            text = text.replace(f"\n{traceback}", "")
        return text

    def _attach(
        self,
        index: int | str | None,
        body: str,
        media_type: str,
        name: str,
        exchange: Entry | None = None,
        encoding: str = "IDENTITY",
    ) -> None:
        envelope = {"body": body, "contentEncoding": encoding, "mediaType": media_type, "fileName": name}
        attachment = Attachment({**envelope, "timestamp": timestamp(now())}, exchange, self.redaction.known)
        self._attachments.setdefault(index, []).append(attachment)

    def hide(self) -> None:
        """Hide in all of it what was seen to be secret at any time in it."""
        for attachments in self._attachments.values():
            for attachment in attachments:
                attachment.hide(self.redaction)
        if self.redaction.known:
            for result in self._all():
                result.hide(self.redaction)

    def envelopes(self, definitions: Sequence[Sequence[StepDefinition]], worker: str | None) -> Iterator[Envelope]:
        """Yield its messages but the end; `definitions` are those that match each of its steps."""
        started = {"id": self.id, "testCaseId": self.case, "attempt": self.number, "timestamp": timestamp(self.started)}
        yield {"testCaseStarted": started | ({"workerId": worker} if worker else {})}
        if any(result.fails_run for result in self._all()):
            self.attach(f"pytest {shlex.quote(self.item.nodeid)}", COMMAND, "command")
        self._place_output()
        yield from self._attached(None, {"testCaseStartedId": self.id})
        yield from self._hook_envelopes(SET_UP, self._set_up)
        for number, matching in enumerate(definitions):
            yield from self._step_envelopes(number, len(matching))
        yield from self._hook_envelopes(AFTERWARDS, self._afterwards)
        yield from self._hook_envelopes(TEAR_DOWN, self._tear_down)

    def _all(self) -> Iterator[Result]:
        """Yield all that came of it."""
        yield from filter(None, (self._set_up, *self._results, self._afterwards, self._tear_down))

    def _place_output(self) -> None:
        """Have what fixtures wrote be of their hook, if that has failed, or else of the first step, or the last one."""
        first, last = (0, self._step or 0) if self.pickle.steps else (None, None)
        for hook, result, phase, step in (
            (SET_UP, self._set_up, "setup", first),
            (TEAR_DOWN, self._tear_down, "teardown", last),
        ):
            if written := self._attachments.pop(phase, []):
                index = hook["id"] if result is not None and result.status != "PASSED" else step
                others = self._attachments.get(index, [])
                self._attachments[index] = [*written, *others] if hook is SET_UP else [*others, *written]

    def _hook_envelopes(self, hook: dict[str, Any], result: Result | None) -> Iterator[Envelope]:
        if result is not None:
            step = f"{self.case}.{hook['id']}"
            begun, finished = result.envelopes(self.id, step)
            yield begun
            yield from self._attached(hook["id"], {"testCaseStartedId": self.id, "testStepId": step})
            yield finished

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

    def _attached(self, index: int | str | None, ids: dict[str, str]) -> Iterator[Envelope]:
        for attachment in self._attachments.get(index, ()):
            yield {"attachment": {**attachment.envelope, **ids}}
