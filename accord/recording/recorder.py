"""The run as Cucumber Messages (https://github.com/cucumber/messages): what is promised, tried, and found.

A `Recorder` notes what scenarios do where they run, be that in a worker of pytest-xdist. What it noted travels on
pytest's reports to the one `Stream`, which writes each scenario as it ends. Ids are made of what they stand for, the
same in every process and on every machine, so that streams can be joined.

Envelopes are plain dicts, since a dozen are written for each scenario: the classes of the package cucumber-messages,
which the tests hold them against, take ten times as long.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from accord.basics.clock import now
from accord.basics.source import relative, written
from accord.compat.internals import (
    Document,
    StepDefinition,
    StepDefinitionNotFoundError,
    arguments_of,
    bound_scenario,
    is_of_pytest_bdd,
    is_regular_expression,
)
from accord.contract.check import Contract
from accord.errors import AmbiguousStepError
from accord.recording import ndjson
from accord.recording.envelopes import Envelope, case_id, hashed, line, timestamp
from accord.recording.har import Entry, archive, entry, hidden
from accord.recording.http_text import http_text
from accord.recording.redaction.redaction import Redaction
from accord.recording.redaction.sql import without_literals
from accord.recording.redaction.values import DOTS
from accord.reporting.failures import text_of
from accord.steps.definitions import Definitions, one_a_function, snippet

PROTOCOL = "34.2.0"
GHERKIN = "text/x.cucumber.gherkin+plain"

_KINDS = {"Context": "given", "Action": "when", "Outcome": "then"}
_SET_UP = {"id": "set-up", "name": "Fixtures are set up", "type": "BEFORE_TEST_CASE", "sourceReference": {}}
_TEAR_DOWN = {"id": "tear-down", "name": "Fixtures are torn down", "type": "AFTER_TEST_CASE", "sourceReference": {}}


@dataclass
class Record:
    """What travels from a recorder to the stream."""

    known: dict[str, str] = field(default_factory=dict)
    """Lines of what every worker knows, such as documents, by what they are about."""
    selected: dict[str, str] = field(default_factory=dict)
    """The ids of the pickles that are to run, by the id of the test case."""
    ended: dict[str, str] = field(default_factory=dict)
    """Lines of scenarios that have ended, by the id of the test case."""


@dataclass
class _Pickle:
    id: str
    scenario_line: int
    line: int
    steps: list[tuple[str, str, str]]
    """Of each step the id, its kind and its sentence."""


@dataclass
class _Result:
    """What came of a step, or of the fixtures around them."""

    status: str
    started: int
    finished: int
    told: dict[str, Any] = field(default_factory=dict)

    def envelopes(self, attempt: str, step: str) -> tuple[Envelope, Envelope]:
        ids = {"testCaseStartedId": attempt, "testStepId": step}
        result = {"status": self.status, "duration": timestamp(self.finished - self.started), **self.told}
        return (
            {"testStepStarted": {**ids, "timestamp": timestamp(self.started)}},
            {"testStepFinished": {**ids, "testStepResult": result, "timestamp": timestamp(self.finished)}},
        )


@dataclass
class _Attached:
    """What is attached; of an exchange the body is made at the end, when all secrets of the scenario are known."""

    envelope: Envelope
    exchange: Entry | None
    known: int
    """How many secret values were known by then."""


@dataclass
class _Attempt:
    item: pytest.Item
    case: str
    pickle: _Pickle
    number: int
    started: int
    step_started: int | None = None
    results: list[_Result] = field(default_factory=list)
    set_up: _Result | None = None
    tear_down: _Result | None = None
    attached: dict[int | None, list[_Attached]] = field(default_factory=dict)
    exchanges: dict[int, list[Entry]] = field(default_factory=dict)
    """What went over the wire in each step."""
    statements: list[str] = field(default_factory=list)


class Recorder:
    """Notes what the scenarios of this process do. Without a scenario, or where it is off, its methods do nothing."""

    def __init__(
        self,
        rootpath: Path,
        definitions: Definitions,
        redaction: Redaction,
        worker: str | None = None,
        *,
        is_on: bool = True,
    ) -> None:
        self._is_on = is_on
        self._rootpath = rootpath
        self._definitions = definitions
        self._redaction = redaction
        self._worker = worker
        self._pickles: dict[str, dict[int, _Pickle]] = {}
        self._selected: dict[str, tuple[str, _Pickle]] = {}
        self._record = Record()
        self._numbers: dict[str, int] = {}
        self._ids: dict[StepDefinition, str] = {}
        self._attempt: _Attempt | None = None
        self._knows_contract = False

    def read(self, document: Document) -> None:
        """Note a feature file and its pickles."""
        if not self._is_on:
            return
        uri = document.raw["uri"]
        self._note(f"source {uri}", {"source": {"uri": uri, "data": document.text, "mediaType": GHERKIN}})
        self._note(f"document {uri}", {"gherkinDocument": document.raw})
        lines = dict(_scenario_lines(document.raw["feature"]["children"]))
        self._pickles[uri] = {}
        for pickle in document.pickles():
            self._note(f"pickle {pickle['id']}", {"pickle": pickle})
            place = pickle["location"]["line"]
            scenario_line = lines[pickle["astNodeIds"][0]]
            self._pickles[uri][place] = _Pickle(pickle["id"], scenario_line, place, list(_steps(pickle)))

    def refuse(self, path: Path, faults: Iterable[tuple[int, str]]) -> None:
        """Note a feature file that cannot be trusted, and why."""
        if not self._is_on:
            return
        uri, text = relative(path, self._rootpath), path.read_text(encoding="utf-8", errors="replace")
        self._note(f"source {uri}", {"source": {"uri": uri, "data": text, "mediaType": GHERKIN}})
        for number, fault in faults:
            source = {"uri": uri, "location": {"line": number}}
            self._note(f"fault {uri}:{number}: {fault}", {"parseError": {"source": source, "message": fault}})

    def select(self, items: Sequence[pytest.Item]) -> None:
        """Note which scenarios are to run, and all step definitions that they might use."""
        scenarios = [(item, pickle) for item in items if (pickle := self._pickle_of(item)) is not None]
        self._selected = {item.nodeid: (case_id(item.nodeid), pickle) for item, pickle in scenarios}
        self._record.selected = {case: pickle.id for case, pickle in self._selected.values()}
        visible = self._definitions.visible_to(item for item, _pickle in scenarios)
        written_by_others = (definition for definition in visible if not is_of_pytest_bdd(definition))
        for definition in sorted(written_by_others, key=lambda it: written(it.function)):
            self._note(f"definition {self._id(definition)}", {"stepDefinition": self._described(definition)})

    def take(self) -> Record:
        """Give away what was noted."""
        record, self._record = self._record, Record()
        return record

    def begin(self, item: pytest.Item) -> None:
        """A test begins, which may be a scenario."""
        selected = self._selected.get(item.nodeid)
        self._attempt = None
        self._redaction.forget()
        if selected is not None:
            case, pickle = selected
            number = self._numbers[case] = self._numbers.get(case, -1) + 1
            self._attempt = _Attempt(item, case, pickle, number, now())

    def begin_step(self) -> None:
        """The next step begins."""
        if self._attempt is not None:
            self._attach_statements(self._attempt)
            self._attempt.step_started = now()

    def pass_step(self) -> None:
        """The step has passed."""
        if self._attempt is not None and self._attempt.step_started is not None:
            self._attach_statements(self._attempt)
            self._attempt.results.append(_Result("PASSED", self._attempt.step_started, now()))
            self._attempt.step_started = None

    def observe(
        self,
        request: httpx.Request,
        response: httpx.Response,
        began: int,
        documented: str | None,
        contract: Contract | None,
        traceback: str | None,
    ) -> None:
        """Note an exchange, which began at that time, and the traceback of an error that the app did not handle."""
        if self._attempt is None:
            return
        if contract is not None and not self._knows_contract:
            self._knows_contract = True
            told = {"contentEncoding": "IDENTITY", "mediaType": "application/openapi+json", "fileName": "openapi.json"}
            self._note("contract", {"attachment": {"body": ndjson.dumps(contract.document), **told}})
        operation = None if documented is None else documented.rpartition(" ")[0]
        seen = entry(self._redaction, request, response, began, now(), operation)
        self._attempt.exchanges.setdefault(len(self._attempt.results), []).append(seen)
        self.attach("", "application/har+json", "exchange.har", seen)
        if traceback is not None:
            self.attach(self._redaction.text(traceback), "text/x.cucumber.stacktrace+plain", "server traceback")

    def observe_sql(self, statement: str) -> None:
        """Note a statement, without the values that it has beside its placeholders."""
        if self._attempt is not None:
            self._attempt.statements.append(without_literals(statement).strip())

    def _attach_statements(self, attempt: _Attempt) -> None:
        if attempt.statements:
            text = self._redaction.text(";\n\n".join(attempt.statements))
            self.attach(f"{text};", "application/sql", "SQL")
            attempt.statements.clear()

    def last_exchange(self) -> str | None:
        """Return what went over the wire in the last step in which something did, to be read; it is redacted."""
        exchanges = self._attempt.exchanges if self._attempt is not None else {}
        last = exchanges[max(exchanges)] if exchanges else []
        return "\n\n".join(text for it in last for text in http_text(hidden(self._redaction, it))) or None

    def attach(self, body: str, media_type: str, name: str, exchange: Entry | None = None) -> None:
        """Attach something to the step that runs, or to the scenario where none does."""
        if self._attempt is not None:
            index = None if self._attempt.step_started is None else len(self._attempt.results)
            attachment = {"body": body, "contentEncoding": "IDENTITY", "mediaType": media_type, "fileName": name}
            attached = _Attached({**attachment, "timestamp": timestamp(now())}, exchange, self._redaction.known)
            self._attempt.attached.setdefault(index, []).append(attached)

    def fail(self, report: pytest.TestReport, error: BaseException | None) -> None:
        """Note why a scenario fails or is skipped: in its fixtures, or in the step that runs or would be next."""
        attempt = self._attempt
        if attempt is None:
            return
        self._attach_statements(attempt)
        told = _told(report, error, self._redaction)
        result = _Result(_status(report, error), attempt.step_started or now(), now(), told)
        if report.when == "setup":
            attempt.set_up = result
        elif report.when == "teardown":
            attempt.tear_down = result
        else:
            # What comes to light after the last step is told there.
            del attempt.results[len(attempt.pickle.steps) - 1 :]
            attempt.results.append(result)
        attempt.step_started = None

    def end(self) -> None:
        """The test has ended, its fixtures too."""
        if self._attempt is not None:
            self._hide_what_came_to_light(self._attempt)
            lines = [line(envelope) for envelope in self._told_of(self._attempt)]
            self._record.ended[self._attempt.case] = "".join(lines)
            self._attempt = None

    def _hide_what_came_to_light(self, attempt: _Attempt) -> None:
        """Hide in all of the scenario what was seen to be secret at any time in it, be it after that."""
        known = self._redaction.known
        for attached in (it for several in attempt.attached.values() for it in several):
            if attached.exchange is not None:
                exchange = attached.exchange if attached.known == known else hidden(self._redaction, attached.exchange)
                attached.envelope["body"] = archive([exchange])
            elif attached.known != known:
                attached.envelope["body"] = self._redaction.hide(attached.envelope["body"], DOTS)
        for result in (attempt.set_up, attempt.tear_down, *attempt.results):
            if result is not None and result.told and known:
                text, exception = self._redaction.text(result.told["message"]), result.told["exception"]
                shown = self._redaction.text(exception["stackTrace"])
                result.told = {"message": text, "exception": {**exception, "message": text, "stackTrace": shown}}

    def _told_of(self, attempt: _Attempt) -> Iterator[Envelope]:
        case = attempt.case
        started = f"{case}.attempt.{attempt.number}"
        visible = self._definitions.at(attempt.item)
        found = [one_a_function(visible.find(kind, sentence)) for _id, kind, sentence in attempt.pickle.steps]
        for definitions in found:
            if len(definitions) > 1:
                definitions.sort(key=lambda definition: written(definition.function))
        hooks = [hook for hook, result in ((_SET_UP, attempt.set_up), (_TEAR_DOWN, attempt.tear_down)) if result]
        yield from ({"hook": hook} for hook in hooks)
        if attempt.number == 0:
            yield {"testCase": self._case(attempt, found)}
        yield {
            "testCaseStarted": {
                "id": started,
                "testCaseId": case,
                "attempt": attempt.number,
                "timestamp": timestamp(attempt.started),
                **({"workerId": self._worker} if self._worker else {}),
            }
        }
        for it in attempt.attached.get(None, []):
            yield {"attachment": {**it.envelope, "testCaseStartedId": started}}
        if attempt.set_up is not None:
            yield from attempt.set_up.envelopes(started, f"{case}.set-up")
        for number, (step, definitions) in enumerate(zip(attempt.pickle.steps, found, strict=True)):
            yield from self._step_told(attempt, number, step, definitions, started, f"{case}.step.{number}")
        if attempt.tear_down is not None:
            yield from attempt.tear_down.envelopes(started, f"{case}.tear-down")
        finished = {"testCaseStartedId": started, "timestamp": timestamp(now()), "willBeRetried": False}
        yield {"testCaseFinished": finished}

    def _step_told(
        self,
        attempt: _Attempt,
        number: int,
        step: tuple[str, str, str],
        definitions: Sequence[StepDefinition],
        started: str,
        test_step: str,
    ) -> Iterator[Envelope]:
        step_id, kind, sentence = step
        if number < len(attempt.results):
            result = attempt.results[number]
        else:
            status = ("UNDEFINED", "SKIPPED", "AMBIGUOUS")[min(len(definitions), 2)]
            result = _Result(status, at := now(), at)
        begun, finished = result.envelopes(started, test_step)
        yield begun
        for attachment in attempt.attached.get(number, ()):
            yield {"attachment": {**attachment.envelope, "testCaseStartedId": started, "testStepId": test_step}}
        if result.status == "UNDEFINED":
            code = {"language": "python", "code": snippet(kind, sentence)}
            yield {"suggestion": {"id": f"{test_step}.suggestion", "pickleStepId": step_id, "snippets": [code]}}
        yield finished

    def _case(self, attempt: _Attempt, found: Sequence[Sequence[StepDefinition]]) -> Envelope:
        case = attempt.case
        steps: list[Envelope] = [
            {
                "id": f"{case}.step.{number}",
                "pickleStepId": step_id,
                "stepDefinitionIds": [self._id(definition) for definition in definitions],
                "stepMatchArgumentsLists": [_arguments(definition, sentence) for definition in definitions],
            }
            for number, ((step_id, _kind, sentence), definitions) in enumerate(
                zip(attempt.pickle.steps, found, strict=True)
            )
        ]
        if attempt.set_up is not None:
            steps.insert(0, {"id": f"{case}.set-up", "hookId": _SET_UP["id"]})
        if attempt.tear_down is not None:
            steps.append({"id": f"{case}.tear-down", "hookId": _TEAR_DOWN["id"]})
        return {"id": case, "pickleId": attempt.pickle.id, "testSteps": steps, "testRunStartedId": "run"}

    def _note(self, about: str, envelope: Envelope) -> None:
        self._record.known[about] = line(envelope)

    def _pickle_of(self, item: pytest.Item) -> _Pickle | None:
        """Return the pickle that an item runs, be it of a feature file or bound by a Python module."""
        if bound := bound_scenario(item):
            template, values = bound
            sentences = [step.name for step in template.render(values).steps]
            for pickle in self._pickles.get(relative(template.feature.filename, self._rootpath), {}).values():
                told = [sentence for _id, _kind, sentence in pickle.steps]
                if (pickle.scenario_line, told) == (template.line_number, sentences):
                    return pickle
            return None
        pickles = self._pickles.get(relative(item.path, self._rootpath))
        return pickles.get((item.location[1] or 0) + 1) if pickles else None

    def _id(self, definition: StepDefinition) -> str:
        if definition not in self._ids:
            file, number = written(definition.function)
            words = f"{relative(file, self._rootpath)}:{number}:{definition.kind}:{definition.parser.name}"
            self._ids[definition] = hashed(words)
        return self._ids[definition]

    def _described(self, definition: StepDefinition) -> Envelope:
        file, number = written(definition.function)
        kind = "REGULAR_EXPRESSION" if is_regular_expression(definition.parser) else "CUCUMBER_EXPRESSION"
        return {
            "id": self._id(definition),
            "pattern": {"type": kind, "source": str(definition.parser.name)},
            "sourceReference": {"uri": relative(file, self._rootpath), "location": {"line": number}},
        }


def _scenario_lines(children: Iterable[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    """Yield id and line of each scenario, those of rules too."""
    for child in children:
        if scenario := child.get("scenario"):
            yield scenario["id"], scenario["location"]["line"]
        yield from _scenario_lines(child.get("rule", {}).get("children", []))


def _steps(pickle: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield id, kind and sentence of each step; one that begins with `*` is of the kind of the one before."""
    kind = "given"
    for step in pickle["steps"]:
        kind = _KINDS.get(step["type"], kind)
        yield step["id"], kind, step["text"]


@lru_cache(maxsize=1000)
def _arguments(definition: StepDefinition, sentence: str) -> dict[str, Any]:
    found = [{"start": start, "value": text} for start, text in arguments_of(definition.parser, sentence)]
    arguments = [{name: part for name, part in group.items() if part is not None} for group in found]
    return {"stepMatchArguments": [{"group": group} for group in arguments]}


def _status(report: pytest.TestReport, error: BaseException | None) -> str:
    if hasattr(report, "wasxfail") or isinstance(error, NotImplementedError):
        return "PENDING"
    if report.skipped:
        return "SKIPPED"
    if isinstance(error, StepDefinitionNotFoundError):
        return "UNDEFINED"
    return "AMBIGUOUS" if isinstance(error, AmbiguousStepError) else "FAILED"


def _told(report: pytest.TestReport, error: BaseException | None, redaction: Redaction) -> dict[str, Any]:
    """Return what a result says of its error: the sentence, and all that pytest shows."""
    shown = redaction.text(report.longreprtext)
    if isinstance(report.longrepr, str) or error is None:
        text = shown
    else:
        text = redaction.text(getattr(report, "wasxfail", None) or text_of(error))
    kind = "Failure" if error is None else type(error).__name__
    return {"message": text, "exception": {"type": kind, "message": text, "stackTrace": shown}}
