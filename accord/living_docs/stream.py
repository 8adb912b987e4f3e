"""A stream of Cucumber Messages, read line by line into the model."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path, PurePosixPath
from textwrap import dedent
from typing import Any

from tqdm import tqdm

from accord import ndjson
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
)
from accord.refusal import Refusal

HAR = "application/har+json"
OPENAPI = "application/openapi+json"
# Many lines, none of which says more than others do: they are not even parsed.
_UNTOLD = (b'{"testStepStarted"', b'{"source"')
_ATTACHED = (b'{"attachment"', b'{"externalAttachment"')

Json = dict[str, Any]


def read(path: Path, *, evidence: bool = True) -> Document:
    """Read the stream; without `evidence`, what was attached is not read.

    Raises Refusal, with file and line, for what is no stream of Cucumber Messages. A last line that is torn, since the
    run was killed, becomes a problem of the document.
    """
    reader = _Reader()
    untold = _UNTOLD if evidence else _UNTOLD + _ATTACHED
    number = 0
    with _opened(path) as lines, _progress(path) as progress:
        for number, line in enumerate(lines, 1):
            progress.update(len(line))
            if line.isspace() or line.startswith(untold):
                continue
            try:
                envelope = ndjson.loads(line)
            except (ValueError, RecursionError) as error:
                if line.endswith(b"\n"):
                    raise Refusal(f"{path}:{number} is no JSON: {error}") from None
                reader.problem("The stream ends in the middle of a line", f"{path.name}:{number} is torn: {error}")
                break
            try:
                reader.take(envelope)
            except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError, OSError) as error:
                raise Refusal(
                    f"{path}:{number} is no Cucumber Message that goes with those before: {error!r}"
                ) from None
    if not number:
        raise Refusal(f"{path} is empty: no run was recorded")
    return reader.document()


def _opened(path: Path) -> Any:
    try:
        return path.open("rb")
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}") from None


def _progress(path: Path) -> Any:
    return tqdm(
        total=path.stat().st_size, desc=path.name, unit="B", unit_scale=True, delay=1, leave=False, disable=None
    )


class _Reader:
    """Takes one message after another. Each refers to those before it only."""

    def __init__(self) -> None:
        self.origin = Origin()
        self.ended = False
        self.features: list[Feature] = []
        self.written: dict[str, Written] = {}
        self.scenarios: dict[str, Scenario] = {}
        self.rows: dict[str, tuple[list[str], list[Promise]]] = {}
        self.promises: dict[str, Promise] = {}
        self.pickle_steps: dict[str, Written] = {}
        self.hooks: dict[str, Written] = {}
        self.sentences: dict[str, Sentence] = {}
        self.cases: dict[str, tuple[Promise, Run, dict[str, Step]]] = {}
        self.ambiguous: dict[str, str] = {}
        self.suggested: dict[int, str] = {}
        self.attempts: dict[str, str] = {}
        self.started: dict[str, float] = {}
        self.run_hooks: dict[str, str] = {}
        self.problems: list[tuple[str, Failure]] = []
        self.evidence: list[Evidence] = []
        self.openapi: Json | None = None
        self.responses: dict[tuple[str, str], dict[Promise, None]] = {}
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

    def take(self, envelope: Json) -> None:
        for kind, message in envelope.items():
            if (taker := self.takers.get(kind)) is not None:
                taker(message)

    def problem(self, title: str, message: str, trace: str = "") -> None:
        self.problems.append((title, Failure(message, trace)))

    def document(self) -> Document:
        if not self.ended:
            self.problem("The run did not finish", "What it had not come to is shown as not run.")
        chapters = _chapters(self.features)
        info = (self.openapi or {}).get("info")
        title = info.get("title") if isinstance(info, dict) else None
        repository = PurePosixPath(self.origin.remote.rstrip("/")).name.removesuffix(".git")
        document = Document(
            title=str(title or repository or "Living documentation"),
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
        ci = message.get("ci") or {}
        git = ci.get("git") or {}
        self.origin.revision, self.origin.branch = _text(git, "revision"), _text(git, "branch")
        self.origin.remote = _text(git, "remote")
        if ci and ci["name"] != "local":
            self.origin.build = f"{_text(ci, 'name')} {_text(ci, 'buildNumber')}".strip()
            self.origin.url = _text(ci, "url")

    def parse_error(self, message: Json) -> None:
        self.problem(f"{_place(message['source'])} is not understood", _text(message, "message"))

    def undefined_parameter_type(self, message: Json) -> None:
        self.problem("A parameter type is not defined", f"{message['name']}, in `{message['expression']}`")

    def gherkin_document(self, message: Json) -> None:
        if (node := message.get("feature")) is None:
            return
        feature = Feature(_text(message, "uri"), _text(node, "language"), *_titled(node), _tags(node))
        self.features.append(feature)
        for child in node["children"]:
            if "background" in child:
                feature.background = self.background(child["background"])
            elif "scenario" in child:
                feature.scenarios.append(self.scenario(child["scenario"], feature, None))
            elif "rule" in child:
                feature.rules.append(self.rule(child["rule"], feature))

    def rule(self, node: Json, feature: Feature) -> Rule:
        rule = Rule(*_titled(node), _tags(node))
        for child in node["children"]:
            if "background" in child:
                rule.background = self.background(child["background"])
            else:
                rule.scenarios.append(self.scenario(child["scenario"], feature, rule))
        return rule

    def background(self, node: Json) -> Background:
        return Background(*_titled(node), self.steps(node, background=True))

    def scenario(self, node: Json, feature: Feature, rule: Rule | None) -> Scenario:
        scenario = Scenario(feature, rule, *_titled(node), _tags(node), self.steps(node, background=False))
        self.scenarios[node["id"]] = scenario
        for table in node.get("examples", ()):
            header = _cells(table["tableHeader"]) if table.get("tableHeader") else []
            examples = Examples(*_titled(table), _tags(table), header)
            scenario.examples.append(examples)
            for row in table.get("tableBody", ()):
                self.rows[row["id"]] = (_cells(row), [])
                examples.rows.append(self.rows[row["id"]])
        return scenario

    def steps(self, node: Json, *, background: bool) -> list[Written]:
        steps = []
        for step in node["steps"]:
            written = Written(
                _text(step, "keyword").strip(), _text(step, "text"), *_argument(step), background=background
            )
            self.written[step["id"]] = written
            steps.append(written)
        return steps

    def pickle(self, message: Json) -> None:
        scenario_id, *row_id = message["astNodeIds"]
        cells, promises = self.rows[row_id[0]] if row_id else (None, None)
        steps = [self.pickle_step(step, filled_in=cells is not None) for step in message["steps"]]
        tags = list(dict.fromkeys(_tags(message)))
        promise = Promise(self.scenarios[scenario_id], steps, tags, cells)
        promise.scenario.promises.append(promise)
        if promises is not None:
            promises.append(promise)
        self.promises[message["id"]] = promise

    def pickle_step(self, step: Json, *, filled_in: bool) -> Written:
        written = self.written[step["astNodeIds"][0]]
        if filled_in and not written.background:
            written = Written(written.keyword, _text(step, "text"), *_argument(step.get("argument") or {}))
        self.pickle_steps[step["id"]] = written
        return written

    def step_definition(self, message: Json) -> None:
        pattern = _text(message["pattern"], "source")
        self.sentences[message["id"]] = Sentence(pattern, _place(message["sourceReference"]))

    def hook(self, message: Json) -> None:
        keyword = (_text(message, "type") or "hook").replace("_", " ").capitalize()
        text = _text(message, "name") or _place(message["sourceReference"])
        self.hooks[message["id"]] = Written(keyword, text, hook=True)

    def test_case(self, message: Json) -> None:
        steps = {step["id"]: Step(self.test_step(step)) for step in message["testSteps"]}
        promise, run = self.promises[message["pickleId"]], Run(list(steps.values()))
        promise.runs.append(run)
        self.cases[message["id"]] = (promise, run, steps)

    def test_step(self, message: Json) -> Written:
        if message.get("hookId"):
            return self.hooks[message["hookId"]]
        written = self.pickle_steps[message["pickleStepId"]]
        sentences = [self.sentences[definition] for definition in message.get("stepDefinitionIds") or ()]
        for sentence in sentences:
            sentence.uses += 1
            sentence.example = sentence.example or written
        if len(sentences) > 1:
            matching = "\n".join(f"{sentence.pattern} ({sentence.place})" for sentence in sentences)
            self.ambiguous[message["id"]] = f"Several step definitions match:\n{matching}"
        return written

    # What became of it.

    def test_case_started(self, message: Json) -> None:
        _, run, steps = self.cases[message["testCaseId"]]
        if run.started:
            run.earlier.append(run.worst.failure.first_line if run.worst and run.worst.failure else run.reason)
            for step in steps.values():
                step.status, step.seconds, step.failure, step.evidence = "UNKNOWN", 0.0, None, []
        run.started, run.finished, run.seconds = True, False, None
        self.attempts[message["id"]] = message["testCaseId"]
        self.started[message["id"]] = _seconds(message["timestamp"])

    def test_step_finished(self, message: Json) -> None:
        result = message["testStepResult"]
        _, _, steps = self.cases[self.attempts[message["testCaseStartedId"]]]
        step = steps[message["testStepId"]]
        STATES[result["status"]]
        step.status, step.seconds = result["status"], _seconds(result["duration"])
        step.failure = _failure(result)
        if step.status == "AMBIGUOUS" and step.failure is None and message["testStepId"] in self.ambiguous:
            step.failure = Failure(self.ambiguous[message["testStepId"]])
        if step.status == "UNDEFINED" and step.failure is None and id(step.written) in self.suggested:
            step.failure = Failure(f"No step definition says this. To begin with:\n{self.suggested[id(step.written)]}")

    def suggestion(self, message: Json) -> None:
        snippets = [_text(snippet, "code") for snippet in message["snippets"]]
        self.suggested[id(self.pickle_steps[message["pickleStepId"]])] = "\n\n".join(snippets)

    def test_case_finished(self, message: Json) -> None:
        started = message["testCaseStartedId"]
        _, run, _ = self.cases[self.attempts[started]]
        run.finished, run.seconds = True, _seconds(message["timestamp"]) - self.started[started]

    def test_run_started(self, message: Json) -> None:
        started = datetime.fromtimestamp(_seconds(message["timestamp"]), UTC)
        self.origin.started = min(self.origin.started or started, started)

    def test_run_finished(self, message: Json) -> None:
        self.ended = True
        if self.origin.started:
            self.origin.seconds = _seconds(message["timestamp"]) - self.origin.started.timestamp()
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
        if attempt is None and media_type == OPENAPI:
            self.openapi = ndjson.loads(body)
            return
        is_base64 = message.get("contentEncoding") == "BASE64"
        evidence = Evidence(media_type, body, is_base64, _text(message, "fileName"), _text(message, "url"))
        if attempt is None:
            self.evidence.append(evidence)
            return
        promise, run, steps = self.cases[self.attempts[attempt]]
        # What is attached beside the steps is shown with the last one.
        step = steps[message["testStepId"]] if "testStepId" in message else next(reversed(run.steps), None)
        (step.evidence if step else self.evidence).append(evidence)
        if media_type == HAR:
            for entry in entries(body):
                response = (str(entry.get("_operation")), str(entry.get("response", {}).get("status")))
                self.responses.setdefault(response, {})[promise] = None


def entries(body: str) -> list[Json]:
    """The exchanges of a HAR document; none if it is not one."""
    try:
        found = ndjson.loads(body)["log"]["entries"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _text(node: Json, name: str) -> str:
    text = node.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise TypeError(f"{name} is no text")
    return text


def _titled(node: Json) -> tuple[str, str, str]:
    return _text(node, "keyword"), _text(node, "name"), dedent(_text(node, "description")).strip()


def _tags(node: Json) -> list[str]:
    return [_text(tag, "name") for tag in node.get("tags", ())]


def _cells(row: Json) -> list[str]:
    return [_text(cell, "value") for cell in row["cells"]]


def _argument(node: Json) -> tuple[list[list[str]] | None, str | None]:
    table, doc = node.get("dataTable"), node.get("docString")
    return [_cells(row) for row in table["rows"]] if table else None, _text(doc, "content") if doc else None


def _failure(result: Json) -> Failure | None:
    exception = result.get("exception") or {}
    message = _text(exception, "message") or _text(result, "message") or _text(exception, "type")
    trace = _text(exception, "stackTrace")
    return Failure(message or trace, trace) if message or trace else None


def _place(source: Json) -> str:
    """Where something stands, as file:line or as the Java method."""
    if method := source.get("javaMethod"):
        return f"{method['className']}.{method['methodName']}"
    line = (source.get("location") or {}).get("line")
    uri = _text(source, "uri")
    return f"{uri}:{line}" if line else uri


def _seconds(time: Json) -> float:
    return float(time["seconds"]) + float(time["nanos"]) / 1e9


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


def _give_slugs(document: Document) -> None:
    """Name each thing after its names, so that its address is the same from run to run."""
    taken: set[str] = {"broken", "changed", "contents", "index", "run", "operations", "sentences", "slowest", "find"}
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


def _free(name: str, taken: set[str], parent: str = "") -> str:
    slug = "-".join(re.findall(r"\w+", name.lower()))[:80] or "unnamed"
    slug = f"{parent}.{slug}" if parent else slug
    free = next(chosen for chosen in _numbered(slug) if chosen not in taken)
    taken.add(free)
    return free


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    number = 2
    while True:
        yield f"{slug}-{number}"
        number += 1
