"""Streams of Cucumber Messages as a run of features would leave them, made by hand."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gherkin.ast_builder import AstBuilder
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler
from gherkin.stream.id_generator import IdGenerator

Json = dict[str, Any]


@dataclass
class Outcome:
    """What becomes of a step."""

    status: str = "PASSED"
    message: str = ""
    trace: str = ""
    attachments: list[Json] = field(default_factory=list)


KEPT = Outcome()


def recorded(
    features: dict[str, str],
    outcomes: dict[str, Outcome] | None = None,
    *,
    leave_out: Iterable[str] = (),
    attachments: Iterable[Json] = (),
    openapi: Json | None = None,
    meta: Json | None = None,
) -> list[Json]:
    """The messages of a run of the features, by address: each step passes unless `outcomes` says otherwise.

    Scenarios to `leave_out` are deselected; `attachments` belong to the run.
    """
    ids = IdGenerator()
    messages: list[Json] = [{"meta": META | (meta or {})}]
    pickles: list[Json] = []
    for uri, text in features.items():
        document: Any = Parser(AstBuilder(ids)).parse(text) | {"uri": uri}
        compiled: Any = Compiler(ids).compile(document) if "feature" in document else []
        messages += [{"gherkinDocument": document}, *({"pickle": pickle} for pickle in compiled)]
        pickles += compiled
    messages.append({"testRunStarted": {"timestamp": _time(0)}})
    if openapi:
        messages.append({"attachment": _attachment("application/openapi+json", json.dumps(openapi))})
    messages += [{"attachment": attachment} for attachment in attachments]
    run = _Run(outcomes or {}, ids)
    for pickle in pickles:
        if pickle["name"] not in leave_out:
            messages += run.case(pickle)
    messages.append({"testRunFinished": {"success": True, "timestamp": _time(run.clock)}})
    return messages


class _Run:
    """Test cases, one after another, and the step definitions that they need."""

    def __init__(self, outcomes: dict[str, Outcome], ids: IdGenerator) -> None:
        self.outcomes = outcomes
        self.ids = ids
        self.definitions: dict[str, str] = {}
        self.clock = 0

    def case(self, pickle: Json) -> Iterator[Json]:
        for step in pickle["steps"]:
            yield from self.definition(step["text"])
        case, attempt = self.ids.get_next_id(), self.ids.get_next_id()
        steps = [self.step(step) for step in pickle["steps"]]
        yield {"testCase": {"id": case, "pickleId": pickle["id"], "testSteps": steps}}
        started = {"id": attempt, "testCaseId": case, "attempt": 0, "timestamp": _time(self.clock)}
        yield {"testCaseStarted": started}
        failed = False
        for step, said in zip(steps, pickle["steps"], strict=True):
            outcome = Outcome("SKIPPED") if failed else self.outcomes.get(said["text"], KEPT)
            self.clock += 7
            yield from _step(attempt, step["id"], outcome)
            failed = failed or outcome.status != "PASSED"
        finished = {"testCaseStartedId": attempt, "willBeRetried": False, "timestamp": _time(self.clock)}
        yield {"testCaseFinished": finished}

    def definition(self, text: str) -> Iterator[Json]:
        if text not in self.definitions and self.outcomes.get(text, KEPT).status != "UNDEFINED":
            self.definitions[text] = self.ids.get_next_id()
            source = {"uri": "steps/it.py", "location": {"line": len(self.definitions)}}
            pattern = {"source": text, "type": "CUCUMBER_EXPRESSION"}
            yield {"stepDefinition": {"id": self.definitions[text], "pattern": pattern, "sourceReference": source}}

    def step(self, step: Json) -> Json:
        definitions = [self.definitions[step["text"]]] if step["text"] in self.definitions else []
        return {"id": self.ids.get_next_id(), "pickleStepId": step["id"], "stepDefinitionIds": definitions}


META = {
    "protocolVersion": "34.2.1",
    "implementation": {"name": "accord", "version": "0.1.0"},
    "ci": {
        "name": "local",
        "git": {"remote": "https://git.example/tasks.git", "revision": "3f2a91c" + 33 * "0", "branch": "main"},
    },
}


def ndjson(messages: Iterable[Json]) -> str:
    """The messages, one a line."""
    return "".join(json.dumps(message) + "\n" for message in messages)


def har(*entries: Json) -> Json:
    """An attachment: the exchanges of a step."""
    log = {"version": "1.2", "creator": {"name": "accord", "version": "0.1.0"}, "entries": list(entries)}
    return _attachment("application/har+json", json.dumps({"log": log}))


def exchange(operation: str, status: int, asked: str = "", answered: str = "", **more: Any) -> Json:
    """An entry of a HAR document."""
    method, path = operation.split(" ", 1)
    headers = [{"name": "content-type", "value": "application/json"}]
    return {
        "startedDateTime": "2026-11-12T14:03:00Z",
        "time": 3.2,
        "request": {
            "method": method,
            "url": "http://test" + path,
            "httpVersion": "HTTP/1.1",
            "headers": [{"name": "host", "value": "test"}, {"name": "authorization", "value": "[redacted]"}, *headers],
            "postData": {"mimeType": "application/json", "text": asked},
        },
        "response": {
            "status": status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "headers": headers,
            "content": {"mimeType": "application/json", "text": answered},
        },
        "_operation": operation,
    } | more


def text(body: str, media_type: str = "text/plain", **more: Any) -> Json:
    """An attachment that is text."""
    return _attachment(media_type, body) | more


def _attachment(media_type: str, body: str) -> Json:
    return {"mediaType": media_type, "body": body, "contentEncoding": "IDENTITY"}


def _step(attempt: str, step: str, outcome: Outcome) -> Iterator[Json]:
    for attachment in outcome.attachments:
        yield {"attachment": attachment | {"testCaseStartedId": attempt, "testStepId": step}}
    result: Json = {"status": outcome.status, "duration": {"seconds": 0, "nanos": 7_000_000}}
    if outcome.message:
        exception = {"type": "AssertionError", "message": outcome.message, "stackTrace": outcome.trace}
        result |= {"message": outcome.message, "exception": exception}
    yield {
        "testStepFinished": {
            "testCaseStartedId": attempt,
            "testStepId": step,
            "testStepResult": result,
            "timestamp": _time(0),
        }
    }


def _time(milliseconds: int) -> Json:
    return {"seconds": 1_794_492_180 + milliseconds // 1000, "nanos": milliseconds % 1000 * 1_000_000}
