"""What scenarios do, noted where they run, be that in a worker of pytest-xdist, as Cucumber Messages.

What a `Recorder` noted travels on pytest's reports to the one process that writes the messages file, each scenario as
it ends. Ids are made of what they stand for, the same in every process and on every machine, so that files can be
joined.

Messages are plain dicts, since a dozen are written for each scenario: the classes of the package cucumber-messages,
with which the tests check them, take ten times as long.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accord.basics.clock import now
from accord.basics.source import defined_at, relative
from accord.compat.pytest_bdd import StepDefinition, is_of_pytest_bdd, parameters_of
from accord.gherkin.document import Document
from accord.gherkin.rules.fault import Fault
from accord.recording import ndjson
from accord.recording.attempt import Attempt
from accord.recording.beside import beside
from accord.recording.envelopes import (
    AFTERWARDS,
    SET_UP,
    TEAR_DOWN,
    Envelope,
    case_id,
    case_step,
    hashed,
    line,
    match_arguments,
    parse_error,
    retried,
    source,
    step_definition,
)
from accord.recording.har import hidden
from accord.recording.http_text import http_text
from accord.recording.pickles import Pickle, Pickles
from accord.recording.redaction.redaction import Redaction
from accord.recording.redaction.sql import without_literals
from accord.running import AT_PROMPT
from accord.steps.definitions import Definitions

if TYPE_CHECKING:
    import httpx

    from accord.contract.check import Contract, Finding

LONGEST_OUTPUT = 65_536
"""How many characters of what a step wrote, or logged, are attached."""
OUTPUT = "text/x.cucumber.log+plain"
"""The type of what a step wrote, or logged."""


@dataclass
class Record:
    """What travels from a recorder to the writer of the messages file."""

    known: dict[str, str] = field(default_factory=dict)
    """Lines of what every worker knows, such as documents, by what they are about."""
    selected: dict[str, str] = field(default_factory=dict)
    """The ids of the pickles that are to run, by the id of the test case."""
    ended: dict[str, str] = field(default_factory=dict)
    """Lines of scenarios that have ended, without the end, by the id of the test case."""
    ends: dict[str, Envelope] = field(default_factory=dict)
    """The messages of their ends, by the same id."""
    failed: list[str] = field(default_factory=list)
    """Those that may be tried again: whether they are is known when the next one of the worker has ended."""
    databases: list[str] = field(default_factory=list)
    """The servers that this process has a database on, as `PostgreSQL 18.1`."""
    worker: str = ""
    """The worker of pytest-xdist that it comes from, if there is one."""


class Recorder:
    """Notes what the scenarios of this process do. Without a scenario, or where it is off, its methods do nothing.

    It has a method for each thing that a run does, which are more than a dozen.
    """

    def __init__(
        self,
        rootpath: Path,
        definitions: Definitions,
        redaction: Redaction,
        worker: str | None = None,
        *,
        is_on: bool = True,
        is_each: bool = False,
    ) -> None:
        self._is_on = is_on
        self._runs_all = worker if worker is not None and is_each else ""
        self._rootpath = rootpath
        self._definitions = definitions
        self._redaction = redaction
        self._worker = worker
        self._pickles = Pickles(rootpath)
        self._selected: dict[str, tuple[str, Pickle]] = {}
        self._record = Record(worker=worker or "")
        self._numbers: dict[str, int] = {}
        self._hooks: dict[str, list[dict[str, Any]]] = {}
        self._ids: dict[StepDefinition, str] = {}
        self._attempt: Attempt | None = None
        self._statements: list[str] = []
        self._known_contracts: set[str] = set()

    def add_feature(self, document: Document) -> None:
        """Note a feature file and its pickles."""
        if self._is_on:
            self._note(f"source {document.uri}", source(document.uri, document.text))
            self._note(f"document {document.uri}", {"gherkinDocument": document.tree})
            for pickle in self._pickles.add(document):
                self._note(f"pickle {pickle['id']}", {"pickle": pickle})
            for path, attachment in beside(document, self._rootpath):
                self._note(f"beside {path}", attachment)

    def add_faults(self, path: Path, faults: Iterable[Fault]) -> None:
        """Note why nothing of a feature file, or of an outline in it, can run."""
        if self._is_on:
            uri = relative(path, self._rootpath)
            with suppress(OSError):  # That may be what is wrong with it.
                self._note(f"source {uri}", source(uri, path.read_text(encoding="utf-8", errors="replace")))
            for fault in faults:
                self._note(f"fault {uri}:{fault.line}: {fault}", parse_error(uri, fault.line, str(fault)))

    def select(self, items: Sequence[pytest.Item]) -> None:
        """Note which scenarios are to run, and all step definitions that they might use."""
        scenarios = [(item, pickle) for item in items if (pickle := self._pickles.of(item)) is not None]
        self._selected = {item.nodeid: (case_id(item.nodeid, self._runs_all), pickle) for item, pickle in scenarios}
        self._record.selected = {case: pickle.id for case, pickle in self._selected.values()}
        visible = self._definitions.visible_to(item for item, _pickle in scenarios)
        written_by_others = (definition for definition in visible if not is_of_pytest_bdd(definition))
        for definition in sorted(written_by_others, key=lambda it: defined_at(it.function)):
            definition_id = self._id(definition)
            self._note(f"definition {definition_id}", step_definition(definition, definition_id, self._rootpath))

    def take(self) -> Record:
        """Give away what was noted."""
        # Given away, and not copied: each line travels once.
        record, self._record = self._record, Record(worker=self._worker or "")
        return record

    def begin(self, item: pytest.Item) -> None:
        """A test begins, which may be a scenario."""
        self.end()  # Some plugins try a scenario again before pytest has torn it down.
        # What was secret in the last scenario may be an ordinary word here.
        self._redaction.forget()
        self._statements.clear()
        if (selected := self._selected.get(item.nodeid)) is not None:
            case, pickle = selected
            number = self._numbers[case] = self._numbers.get(case, -1) + 1
            self._attempt = Attempt(item, case, pickle, number, self._redaction)
            if parameters := parameters_of(item):
                self.attach(parameters, "text/plain", "Parameters")

    def begin_step(self) -> None:
        """The next step begins."""
        if self._attempt is not None:
            self._attach_statements(self._attempt)
            self._attempt.begin_step()

    def pass_step(self, failed_checks: Iterable[str] = ()) -> None:
        """The step has passed, but for these checks, after which it went on."""
        if self._attempt is not None:
            self._attach_statements(self._attempt)
            self._attempt.pass_step(failed_checks)

    def fail_partly(self, report: pytest.TestReport, error: BaseException | None) -> None:
        """Note why a part of a scenario fails, which goes on, such as a subtest."""
        if self._attempt is not None:
            self._attempt.fail_partly(report, error)

    def name_part(self, name: str) -> None:
        """Name the part that failed last."""
        if self._attempt is not None:
            self._attempt.name_part(name)

    def fail(self, report: pytest.TestReport, error: BaseException | None) -> None:
        """Note why a scenario fails or is skipped."""
        if self._attempt is not None:
            self._attach_statements(self._attempt)
            self._attempt.fail(report, error)

    def pass_unexpectedly(self, reason: str) -> None:
        """Note that a scenario was expected to fail, and has passed."""
        if self._attempt is not None:
            self._attempt.pass_unexpectedly(reason)

    def end(self) -> None:
        """The test has ended, its fixtures too."""
        if (attempt := self._attempt) is not None:
            attempt.end()
            if attempt.number:
                attempt.fit(self._hooks.get(attempt.case, ()))
            elif attempt.hooks:
                self._hooks[attempt.case] = attempt.hooks
            # At the end, when all secrets of the scenario are known.
            attempt.hide()
            lines = "".join(map(line, self._envelopes(attempt)))
            if (before := self._record.ends.pop(attempt.case, None)) is not None:
                lines = self._record.ended[attempt.case] + line(retried(before)) + lines
            self._record.ended[attempt.case] = lines
            self._record.ends[attempt.case] = attempt.finished()
            if attempt.has_failed:
                self._record.failed.append(attempt.case)
            self._attempt = None

    def observe(
        self,
        request: httpx.Request,
        response: httpx.Response,
        began: int,
        finding: Finding | None,
        contract: Contract | None,
        traceback: str | None,
    ) -> None:
        """Note an exchange, which began at that time, and the traceback of an error that the app did not handle."""
        if self._attempt is None or AT_PROMPT.get():
            return
        from accord.recording.exchanges import entry

        for known in (contract, None if finding is None else finding.contract):
            if known is not None and known.mount not in self._known_contracts:
                self._note_contract(known)
        operation, is_documented = (finding.operation, finding.is_documented) if finding else (None, True)
        self._attempt.add_exchange(
            entry(self._redaction, request, response, began, now(), operation, is_documented=is_documented)
        )
        if traceback is not None:
            self._attempt.tracebacks.append(traceback)
            self.attach(self._redaction.text(traceback), "text/x.cucumber.stacktrace+plain", "server traceback")

    def observe_database(self, server: str) -> None:
        """Note which server, of which version, the run has a database on."""
        self._record.databases.append(server)

    def observe_sql(self, statement: str) -> None:
        """Note a statement, without the values that it has beside its placeholders."""
        if self._attempt is not None and not AT_PROMPT.get():
            self._statements.append(without_literals(statement).strip())

    def attach(self, body: str, media_type: str, name: str) -> None:
        """Attach something to the step that runs, or to the scenario where none does; it is to be redacted before."""
        if self._attempt is not None:
            self._attempt.attach(body, media_type, name)

    def attach_text(self, body: str, media_type: str, name: str) -> None:
        """Attach a text of the project's, without what is secret in it."""
        if self._attempt is not None:
            self.attach(self._redaction.text(self._redaction.body(body, media_type)), media_type, name)

    def attach_bytes(self, body: bytes, media_type: str, name: str) -> None:
        """Attach what is not text, as it is."""
        if self._attempt is not None:
            self._attempt.attach(b64encode(body).decode(), media_type, name, encoding="BASE64")

    @property
    def is_recording(self) -> bool:
        """Whether a scenario runs, of which something is to be noted."""
        return self._attempt is not None

    def attach_output(self, when: str, pieces: Iterable[tuple[str, str]]) -> None:
        """Attach what was written and logged in a phase of a test to the step that ran then; of what is long the end.

        What was written while fixtures were set up is the first step's, and while they were torn down the last one's.
        """
        for name, text in pieces:
            if (attempt := self._attempt) is not None and (left := attempt.without_tracebacks(text)):
                body = self._redaction.text(self._redaction.body(_end_of(left), OUTPUT))
                attempt.attach_output(when, body, OUTPUT, f"Captured {name} {when}")

    def last_exchange(self) -> str | None:
        """Return what went over the wire in the last step in which something did, to be read; it is redacted."""
        exchanges = self._attempt.exchanges if self._attempt is not None else {}
        last = exchanges[max(exchanges)] if exchanges else []
        return "\n\n".join(text for it in last for text in http_text(hidden(self._redaction, it))) or None

    def _attach_statements(self, attempt: Attempt) -> None:
        if self._statements:
            text = self._redaction.text(";\n\n".join(self._statements))
            attempt.attach(f"{text};", "application/sql", "SQL")
            self._statements.clear()

    def _envelopes(self, attempt: Attempt) -> Iterable[Envelope]:
        matching = [
            sorted(
                self._definitions.matching(step.kind, step.sentence, attempt.item),
                key=lambda it: defined_at(it.function),
            )
            for step in attempt.pickle.steps
        ]
        yield from ({"hook": hook} for hook in attempt.hooks)
        # An attempt that is repeated in the same process has the test case already.
        if attempt.number == 0:
            yield {"testCase": self._case(attempt, matching)}
        yield from attempt.envelopes(matching, self._worker)

    def _case(self, attempt: Attempt, matching: Sequence[Sequence[StepDefinition]]) -> Envelope:
        case = attempt.case
        steps = [
            case_step(
                f"{case}.step.{number}", step.id, [(self._id(it), match_arguments(it, step.sentence)) for it in found]
            )
            for number, (step, found) in enumerate(zip(attempt.pickle.steps, matching, strict=True))
        ]
        if SET_UP in attempt.hooks:
            steps.insert(0, {"id": f"{case}.set-up", "hookId": SET_UP["id"]})
        for hook in (AFTERWARDS, TEAR_DOWN):
            if hook in attempt.hooks:
                steps.append({"id": f"{case}.{hook['id']}", "hookId": hook["id"]})
        return {"id": case, "pickleId": attempt.pickle.id, "testSteps": steps, "testRunStartedId": "run"}

    def _note_contract(self, contract: Contract) -> None:
        self._known_contracts.add(contract.mount)
        file = {
            "contentEncoding": "IDENTITY",
            "mediaType": "application/openapi+json",
            "fileName": f"openapi{contract.mount}.json",
        }
        self._note(f"contract {contract.mount}", {"attachment": {"body": ndjson.dumps(contract.document), **file}})

    def _note(self, about: str, envelope: Envelope) -> None:
        self._record.known[about] = line(envelope)

    def _id(self, definition: StepDefinition) -> str:
        if definition not in self._ids:
            file, number = defined_at(definition.function)
            words = f"{relative(file, self._rootpath)}:{number}:{definition.kind}:{definition.parser.name}"
            self._ids[definition] = hashed(words)
        return self._ids[definition]


def _end_of(text: str) -> str:
    if len(text) <= LONGEST_OUTPUT:
        return text
    cut = f"the last {LONGEST_OUTPUT} of {len(text)} characters; `pytest -s` shows all, and --log-file=FILE keeps a log"
    return f"[{cut}]\n...{text[-LONGEST_OUTPUT:]}"


RECORDER = pytest.StashKey[Recorder]()
