"""A stream of Cucumber Messages, read line by line into the model."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path, PurePosixPath
from textwrap import dedent
from typing import Any

from accord.errors import UsageError
from accord.living_docs.model import (
    STATES,
    Background,
    Chapter,
    Document,
    Evidence,
    Examples,
    Failure,
    Feature,
    Origin,
    Promise,
    Rule,
    Run,
    Scenario,
    Sentence,
    Step,
    Written,
    badness,
)
from accord.recording import ndjson
from accord.recording.reader import UNFIT, lines, reason

HAR = "application/har+json"
OPENAPI = "application/openapi+json"
# Many lines, none of which says more than others do: they are not even parsed.
_UNTOLD = (b'{"testStepStarted"', b'{"source"')
_ATTACHED = (b'{"attachment"', b'{"externalAttachment"')

# In seconds, or nanoseconds of one: later than any year that has a date.
_LARGEST_TIME = 1e12

Json = dict[str, Any]


def read(path: Path, *, evidence: bool = True) -> Document:
    """Read the stream; without `evidence`, what was attached is not read.

    Raises UsageError, with file and line, for what is no stream of Cucumber Messages. A last line that is torn, since
    the run was killed, becomes a problem of the document.
    """
    reader = _Reader()
    untold = _UNTOLD if evidence else _UNTOLD + _ATTACHED
    number = 0
    try:
        for number, line in lines(path):
            if not line.isspace() and not line.startswith(untold):
                _take(reader, path, number, line)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    if not number:
        raise UsageError(f"{path} is empty: no run was recorded")
    return reader.document()


def _take(reader: "_Reader", path: Path, number: int, line: bytes) -> None:
    try:
        envelope = ndjson.loads(line)
    except (ValueError, RecursionError) as error:
        if line.endswith(b"\n"):
            raise UsageError(f"{path}:{number} is no JSON: {reason(error)}") from None
        reader.problem("The stream ends in the middle of a line", f"{path.name}:{number} is torn: {reason(error)}")
        return
    try:
        reader.take(envelope, hash(line))
    except UNFIT as error:
        raise UsageError(
            f"{path}:{number} is no Cucumber Message that goes with those before: {reason(error)}"
        ) from None


class _Reader:
    """Takes one message after another. Each refers to those before it only."""

    def __init__(self) -> None:
        self.origin = Origin()
        self.ended = False
        self.features: list[Feature] = []
        self.documents: dict[str, int] = {}
        self.written: dict[str, Written] = {}
        self.scenarios: dict[str, Scenario] = {}
        self.rows: dict[str, tuple[Scenario, list[str], list[Promise]]] = {}
        # Each promise by its pickle, with what its steps say, by their ids.
        self.promises: dict[str, tuple[Promise, dict[str, Written]]] = {}
        self.pickle_steps: dict[str, Written] = {}
        self.hooks: dict[str, Written] = {}
        self.sentences: dict[str, Sentence] = {}
        self.cases: dict[str, tuple[Promise, Run, dict[str, Step]]] = {}
        self.ambiguous: dict[str, str] = {}
        self.suggested: dict[int, str] = {}
        self.attempts: dict[str, str] = {}
        self.last_attempts: dict[str, str] = {}
        self.started: dict[str, float] = {}
        self.run_hooks: dict[str, str] = {}
        self.problems: list[tuple[str, Failure]] = []
        self.evidence: list[Evidence] = []
        self.openapi: Json | None = None
        self.responses: dict[tuple[str, str], dict[Promise, None]] = {}
        # What each message was that told of something by its id, and the one that is being read.
        self.told: dict[tuple[str, str], int] = {}
        self.line = 0
        self.takers: dict[str, Callable[[Json], None]] = {
            "meta": self.meta,
            "gherkinDocument": self.gherkin_document,
            "pickle": self.pickle,
            "stepDefinition": self.step_definition,
            "hook": self.hook,
            "testCase": self.test_case,
            "testCaseStarted": self.test_case_started,
            "suggestion": self.suggestion,
            "testStepFinished": self.test_step_finished,
            "testCaseFinished": self.test_case_finished,
            "testRunStarted": self.test_run_started,
            "testRunFinished": self.test_run_finished,
            "testRunHookStarted": self.test_run_hook_started,
            "testRunHookFinished": self.test_run_hook_finished,
            "attachment": self.attachment,
            "externalAttachment": self.attachment,
            "parseError": self.parse_error,
            "undefinedParameterType": self.undefined_parameter_type,
        }

    def take(self, envelope: Json, line: int) -> None:
        self.line = line
        for kind, message in _object(envelope, "the line").items():
            if (taker := self.takers.get(kind)) is not None:
                taker(_object(message, kind))

    def is_new(self, kind: str, name: str) -> bool:
        """Whether a message tells of what was not told before. Raises ValueError where it was, in another message."""
        before = self.told.setdefault((kind, name), 0)
        if before not in (0, self.line):
            raise ValueError(f"the {kind} {name!r} is told twice, and not the same of it")
        self.told[kind, name] = self.line
        return not before

    def problem(self, title: str, message: str, trace: str = "") -> None:
        self.problems.append((title, Failure(message, trace)))

    def document(self) -> Document:
        if not self.ended:
            self.problem("The run did not finish", "What it had not come to is shown as not run.")
        chapters = _chapters(self.features)
        info = (self.openapi or {}).get("info")
        title = info.get("title") if isinstance(info, dict) else None
        title = title if isinstance(title, str) else None
        repository = PurePosixPath(self.origin.remote.rstrip("/")).name.removesuffix(".git")
        document = Document(
            title=title or repository or "Living documentation",
            origin=self.origin,
            chapters=chapters,
            sentences=sorted(self.sentences.values(), key=lambda sentence: (sentence.pattern, sentence.place)),
            problems=self.problems,
            evidence=self.evidence,
            openapi=self.openapi,
            responses={response: list(promises) for response, promises in self.responses.items()},
        )
        _give_slugs(document)
        return document

    # What was to run.

    def meta(self, message: Json) -> None:
        ci = _object(message.get("ci") or {}, "ci")
        git = _object(ci.get("git") or {}, "git")
        self.origin.revision, self.origin.branch = _text(git, "revision"), _text(git, "branch")
        self.origin.remote = _text(git, "remote")
        if ci and ci["name"] != "local":
            self.origin.build = f"{_text(ci, 'name')} {_text(ci, 'buildNumber')}".strip()
            self.origin.url = _text(ci, "url")

    def parse_error(self, message: Json) -> None:
        self.problem(f"{_place(message['source'])} is not understood", _text(message, "message"))

    def undefined_parameter_type(self, message: Json) -> None:
        name, expression = _text(message, "name"), _text(message, "expression")
        self.problem("A parameter type is not defined", f"{name}, in `{expression}`")

    def gherkin_document(self, message: Json) -> None:
        if (node := message.get("feature")) is None or self.documents.get(uri := _text(message, "uri")) == self.line:
            return
        self.documents[uri] = self.line
        feature = Feature(uri, _text(node, "language"), *_titled(node), _tags(node))
        self.features.append(feature)
        for child in _list(node, "children"):
            if "background" in child:
                feature.background = self.background(child["background"])
            elif "scenario" in child:
                feature.scenarios.append(self.scenario(child["scenario"], feature, None))
            elif "rule" in child:
                feature.rules.append(self.rule(child["rule"], feature))

    def rule(self, node: Json, feature: Feature) -> Rule:
        rule = Rule(*_titled(node), _tags(node))
        for child in _list(node, "children"):
            if "background" in child:
                rule.background = self.background(child["background"])
            else:
                rule.scenarios.append(self.scenario(child["scenario"], feature, rule))
        return rule

    def background(self, node: Json) -> Background:
        return Background(*_titled(node), self.steps(node, background=True))

    def scenario(self, node: Json, feature: Feature, rule: Rule | None) -> Scenario:
        scenario = Scenario(feature, rule, *_titled(node), _tags(node), self.steps(node, background=False))
        _add(self.scenarios, node, scenario)
        for table in _list(node, "examples", optional=True):
            header = _cells(table["tableHeader"]) if table.get("tableHeader") else []
            examples = Examples(*_titled(table), _tags(table), header)
            scenario.examples.append(examples)
            for row in _list(table, "tableBody", optional=True):
                promises: list[Promise] = []
                examples.rows.append((_cells(row), promises))
                _add(self.rows, row, (scenario, examples.rows[-1][0], promises))
        return scenario

    def steps(self, node: Json, *, background: bool) -> list[Written]:
        steps = []
        for step in _list(node, "steps"):
            written = Written(
                _text(step, "keyword").strip(), _text(step, "text"), *_argument(step), background=background
            )
            _add(self.written, step, written)
            steps.append(written)
        return steps

    def pickle(self, message: Json) -> None:
        if not self.is_new("pickle", message["id"]):
            return
        if not (node_ids := _list(message, "astNodeIds")):
            raise ValueError("astNodeIds is empty")
        scenario_id, *row_id = node_ids
        scenario = self.scenarios[scenario_id]
        owner, cells, promises = self.rows[row_id[0]] if row_id else (scenario, None, scenario.promises)
        if owner is not scenario or (promises and cells is None) or bool(scenario.examples) is (cells is None):
            raise ValueError("its scenario has no such example, or is promised already")
        steps = {step["id"]: self.pickle_step(step, filled_in=cells is not None) for step in _list(message, "steps")}
        promise = Promise(scenario, list(steps.values()), list(dict.fromkeys(_tags(message))), cells)
        scenario.promises.append(promise)
        if cells is not None:
            promises.append(promise)
        self.promises[message["id"]] = promise, steps

    def pickle_step(self, step: Json, *, filled_in: bool) -> Written:
        written = self.written[_list(step, "astNodeIds")[0]]
        if (filled_in and not written.background) or written.text != step["text"]:
            written = Written(written.keyword, _text(step, "text"), *_argument(step.get("argument") or {}))
        _add(self.pickle_steps, step, written)
        return written

    def step_definition(self, message: Json) -> None:
        if not self.is_new("stepDefinition", message["id"]):
            return
        pattern = _text(message["pattern"], "source")
        self.sentences[message["id"]] = Sentence(pattern, _place(message["sourceReference"]))

    def hook(self, message: Json) -> None:
        keyword = (_text(message, "type") or "hook").replace("_", " ").capitalize()
        text = _text(message, "name") or _place(message["sourceReference"])
        self.hooks[message["id"]] = Written(keyword, text, hook=True)

    def test_case(self, message: Json) -> None:
        if not self.is_new("testCase", message["id"]):
            return
        promise, promised = self.promises[message["pickleId"]]
        steps: dict[str, Step] = {}
        for step in _list(message, "testSteps"):
            _add(steps, step, Step(self.test_step(step, promised)))
        run = Run(list(steps.values()))
        if run.steps:
            # What is promised, and no test step stands for, does not run.
            running = {step.get("pickleStepId") for step in message["testSteps"]}
            run.steps += [Step(written) for step, written in promised.items() if step not in running]
        promise.runs.append(run)
        self.cases[message["id"]] = (promise, run, steps)

    def test_step(self, message: Json, promised: dict[str, Written]) -> Written:
        if message.get("hookId"):
            return self.hooks[message["hookId"]]
        written = promised[message["pickleStepId"]]
        sentences = [self.sentences[definition] for definition in _list(message, "stepDefinitionIds", optional=True)]
        for sentence in sentences:
            sentence.uses += 1
            sentence.example = sentence.example or written
        if len(sentences) > 1:
            matching = "\n".join(f"{sentence.pattern} ({sentence.place})" for sentence in sentences)
            self.ambiguous[message["id"]] = f"Several step definitions match:\n{matching}"
        return written

    # What became of it.

    def test_case_started(self, message: Json) -> None:
        case, attempt = message["testCaseId"], message["id"]
        _, run, steps = self.cases[case]
        if self.attempts.setdefault(attempt, case) != case:
            raise ValueError(f"the attempt {attempt!r} is another test case's")
        if attempt in self.started:
            return
        if run.started:
            run.earlier.append(run.worst.failure.first_line if run.worst and run.worst.failure else run.reason)
            for step in steps.values():
                step.status, step.seconds, step.failure, step.evidence = "UNKNOWN", 0.0, None, []
        run.started, run.finished, run.seconds = True, False, None
        self.last_attempts[case] = attempt
        self.started[attempt] = _seconds(message["timestamp"])

    def test_step_finished(self, message: Json) -> None:
        result, attempt = message["testStepResult"], message["testCaseStartedId"]
        case = self.attempts[attempt]
        step = self.cases[case][2][message["testStepId"]]
        state, seconds = STATES[result["status"]], _seconds(result["duration"])
        # What is told late, of an attempt that was given up, or better than before, does not count.
        if self.last_attempts[case] != attempt or (step.status != "UNKNOWN" and badness(state) > badness(step.state)):
            return
        step.status, step.seconds = result["status"], max(seconds, 0.0)
        step.failure = _failure(result)
        if step.status == "AMBIGUOUS" and step.failure is None and message["testStepId"] in self.ambiguous:
            step.failure = Failure(self.ambiguous[message["testStepId"]])
        if step.status == "UNDEFINED" and step.failure is None and id(step.written) in self.suggested:
            step.failure = Failure(f"No step definition says this. To begin with:\n{self.suggested[id(step.written)]}")

    def suggestion(self, message: Json) -> None:
        snippets = [_text(snippet, "code") for snippet in _list(message, "snippets")]
        self.suggested[id(self.pickle_steps[message["pickleStepId"]])] = "\n\n".join(snippets)

    def test_case_finished(self, message: Json) -> None:
        started = message["testCaseStartedId"]
        case = self.attempts[started]
        run, seconds = self.cases[case][1], _seconds(message["timestamp"]) - self.started[started]
        if self.last_attempts[case] == started:
            run.finished, run.seconds = True, max(seconds, 0.0)

    def test_run_started(self, message: Json) -> None:
        started = datetime.fromtimestamp(_seconds(message["timestamp"]), UTC)
        self.origin.started = min(self.origin.started or started, started)

    def test_run_finished(self, message: Json) -> None:
        self.ended = True
        if self.origin.started:
            seconds = _seconds(message["timestamp"]) - self.origin.started.timestamp()
            self.origin.seconds = max(seconds, self.origin.seconds or 0.0)
        if failure := _failure(message):
            self.problems.append(("The run failed", failure))

    def test_run_hook_started(self, message: Json) -> None:
        self.run_hooks[message["id"]] = message["hookId"]

    def test_run_hook_finished(self, message: Json) -> None:
        hook = self.hooks[self.run_hooks[message["testRunHookStartedId"]]]
        failure = _failure(message["result"])
        if STATES[message["result"]["status"]] is STATES["FAILED"]:
            self.problems.append((f"{hook.keyword} failed: {hook.text}", failure or Failure("")))

    def attachment(self, message: Json) -> None:
        media_type, body = _text(message, "mediaType"), _text(message, "body")
        attempt = message.get("testCaseStartedId")
        if attempt is None and media_type == OPENAPI and isinstance(openapi := _json(body), dict):
            self.openapi = openapi
            return
        is_base64 = message.get("contentEncoding") == "BASE64"
        evidence = Evidence(media_type, body, is_base64, _text(message, "fileName"), _text(message, "url"))
        if attempt is None:
            self.evidence.append(evidence)
            return
        promise, run, steps = self.cases[self.attempts[attempt]]
        # What is attached beside the steps is shown with the last one.
        wanted = message.get("testStepId")
        step = steps[wanted] if wanted is not None else next(reversed(run.steps), None)
        (step.evidence if step else self.evidence).append(evidence)
        if media_type == HAR:
            for entry in entries(body):
                response = entry.get("response")
                status = response.get("status") if isinstance(response, dict) else None
                if isinstance(operation := entry.get("_operation"), str) and isinstance(status, int):
                    self.responses.setdefault((operation, str(status)), {})[promise] = None


def entries(body: str) -> list[Json]:
    """The exchanges of a HAR document; none if it is not one."""
    try:
        found = ndjson.loads(body)["log"]["entries"]
    except UNFIT:
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _json(body: str) -> Any:
    """What the JSON says; nothing if it is none."""
    try:
        return ndjson.loads(body)
    except UNFIT:
        return None


def _object(node: Any, name: str) -> Json:
    if not isinstance(node, dict):
        raise ValueError(f"{name} is not an object")
    return node


def _list(node: Json, name: str, *, optional: bool = False) -> list[Any]:
    found = node.get(name)
    if found is None and optional:
        return []
    if not isinstance(found, list):
        raise ValueError(f"{name} is not a list")
    return found


def _add(known: dict[str, Any], node: Json, value: object) -> None:
    """Keep what has the node's id. Raises ValueError where something else has it already."""
    if known.setdefault(node["id"], value) is not value:
        raise ValueError(f"the id {node['id']!r} is given twice")


def _text(node: Json, name: str) -> str:
    text = node.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise ValueError(f"{name} is not text")
    return text


def _titled(node: Json) -> tuple[str, str, str]:
    return _text(node, "keyword"), _text(node, "name"), dedent(_text(node, "description")).strip()


def _tags(node: Json) -> list[str]:
    return [_text(tag, "name") for tag in _list(node, "tags", optional=True)]


def _cells(row: Json) -> list[str]:
    return [_text(cell, "value") for cell in _list(row, "cells")]


def _argument(node: Json) -> tuple[list[list[str]] | None, str | None]:
    table, doc = node.get("dataTable"), node.get("docString")
    return [_cells(row) for row in _list(table, "rows")] if table else None, _text(doc, "content") if doc else None


def _failure(result: Json) -> Failure | None:
    exception = result.get("exception") or {}
    message = _text(exception, "message") or _text(result, "message") or _text(exception, "type")
    trace = _text(exception, "stackTrace")
    return Failure(message or trace, trace) if message or trace else None


def _place(source: Json) -> str:
    """Where something stands, as file:line or as the Java method."""
    if method := source.get("javaMethod"):
        return f"{_text(method, 'className')}.{_text(method, 'methodName')}"
    line = (source.get("location") or {}).get("line")
    uri = _text(source, "uri")
    return f"{uri}:{line}" if isinstance(line, int) else uri


def _seconds(time: Json) -> float:
    return _number(time, "seconds") + _number(time, "nanos") / 1e9


def _number(node: Json, name: str) -> float:
    number = node[name]
    if type(number) not in (int, float) or not abs(number) < _LARGEST_TIME:
        raise ValueError(f"{name} is not a number, or too large a one")
    return float(number)


def _chapters(features: list[Feature]) -> list[Chapter]:
    """The features by folder, leaving out what the folders have in common."""
    folders = {feature.uri: PurePosixPath(feature.uri.replace("\\", "/")).parent.parts for feature in features}
    shared = _shared(list(folders.values()))
    chapters: dict[str, Chapter] = {}
    for feature in sorted(features, key=lambda feature: (folders[feature.uri], feature.uri)):
        parts = folders[feature.uri][shared:]
        feature.chapter = " / ".join(part.replace("_", " ").replace("-", " ").capitalize() for part in parts)
        chapters.setdefault(feature.chapter, Chapter(feature.chapter or "Features", [])).features.append(feature)
    return list(chapters.values())


def _shared(folders: list[tuple[str, ...]]) -> int:
    alike = (len(set(parts)) == 1 for parts in zip(*folders, strict=False))
    shared = next((number for number, same in enumerate(chain(alike, [False])) if not same))
    # One folder alone keeps its name, unless it is the one where all features are.
    return min(shared, 1) if len(set(folders)) == 1 else shared


# The ids that the page has itself.
_TITLED = ("broken", "changed", "contents", "index", "run")
_IDS = (*_TITLED, *(f"{part}-title" for part in _TITLED), "operations", "sentences", "slowest", "find", "promises")


def _give_slugs(document: Document) -> None:
    """Name each thing after its names, so that its address is the same from run to run."""
    taken = dict.fromkeys(_IDS, 1)
    for chapter in document.chapters:
        chapter.slug = _free("chapter " + chapter.title, taken)
        for feature in chapter.features:
            feature.slug = _free(feature.name, taken)
            for rule in feature.rules:
                rule.slug = _free(rule.name, taken, feature.slug)
            for scenario in feature.all_scenarios():
                scenario.slug = _free(scenario.name, taken, feature.slug)
                for promise in scenario.promises:
                    promise.slug = (
                        scenario.slug if promise.cells is None else _free(" ".join(promise.cells), taken, scenario.slug)
                    )


def _free(name: str, taken: dict[str, int], parent: str = "") -> str:
    """Return a slug that is not taken; `taken` has each with the number that was last given to one of its name."""
    slug = "-".join(re.findall(r"\w+", name.lower()))[:80] or "unnamed"
    free = slug = f"{parent}.{slug}" if parent else slug
    while free in taken:
        taken[slug] += 1
        free = f"{slug}-{taken[slug]}"
    taken[free] = 1
    return free
