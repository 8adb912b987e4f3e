"""What ran: test cases, the attempts at them, and how their steps ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from sys import intern

from accord.catalogue.sentences import Argument, Sentence, Use
from accord.living_docs.model import Pickle
from accord.living_docs.reading.features import Features
from accord.living_docs.reading.fields import Json, add, digest_of, failure_of, list_of, location_of, text_of
from accord.living_docs.reading.ids import Ids, compact, hashes, position
from accord.living_docs.run import Attempt, Failure, Run, Step, StepText
from accord.living_docs.state import STATES, badness
from accord.recording.envelopes import seconds


@dataclass(slots=True)
class _Case:
    """A test case, with the ids of its steps, the digest of its message, and which attempt is the last."""

    pickle: Pickle
    run: Run
    ids: Ids
    digest: int
    last: str | None = None
    """Its name. It is no reference to what refers to this, so that all of it goes when the reader does."""


@dataclass(slots=True)
class _Begun:
    """An attempt at a test case, its number, and when it began, in seconds since 1970."""

    case: _Case
    attempt: Attempt
    number: int
    started: float


class TestCases:
    """Takes step definitions, hooks, test cases and results: what refers to nothing before it is a LookupError."""

    def __init__(self, features: Features, parts: dict[str, datetime]) -> None:
        self.hooks: dict[str, StepText] = {}
        self.sentences: dict[str, Sentence] = {}
        self._features = features
        # When each run of a part began, by its id.
        self._parts = parts
        # The digest of the message of each step definition.
        self._definitions: dict[str, int] = {}
        self._cases: dict[str, _Case] = {}
        # Failures that no result says: by the id of the test step, and by the identity of its text.
        self._ambiguous: dict[str, str] = {}
        self._snippets: dict[int, str] = {}
        self._begun: dict[str, _Begun] = {}

    def step_definition(self, message: Json) -> None:
        """Take a step definition."""
        name = message["id"]
        if (digest := digest_of(message, "stepDefinition", self._definitions.get(name))) is not None:
            self._definitions[name] = digest
            pattern = message["pattern"]
            is_regex = text_of(pattern, "type") == "REGULAR_EXPRESSION"
            place = location_of(message["sourceReference"])
            self.sentences[name] = Sentence(text_of(pattern, "source"), place, is_regex=is_regex)

    def hook(self, message: Json) -> None:
        """Take a hook, which is shown among the steps by its type and name; by its name alone if it is Accord's own."""
        name, place = text_of(message, "name"), location_of(message["sourceReference"])
        keyword = "" if name and not place else (text_of(message, "type") or "hook").replace("_", " ").capitalize()
        self.hooks[message["id"]] = StepText(keyword, name or place, hook=True)

    def test_case(self, message: Json) -> None:
        """Take a test case, with the steps and hooks that it will run."""
        before = self._cases.get(message["id"])
        if (digest := digest_of(message, "testCase", before.digest if before else None)) is None:
            return
        pickle, ids, _digest = self._features.pickles[message["pickleId"]]
        folder = pickle.scenario.feature.uri.rpartition("/")[0]
        steps: dict[str, Step] = {}
        running = {hash(step.get("pickleStepId")) for step in list_of(message, "testSteps")}
        left = [text for step, text in zip(hashes(ids), pickle.steps, strict=True) if step not in running]
        for step in message["testSteps"]:
            add(steps, step, Step(self._test_step(step, pickle.steps, ids, left, folder)))
        run = Run(list(steps.values()), again=self._parts.get(text_of(message, "testRunStartedId")))
        if run.steps:
            # A step of the pickle for which there is no test step does not run.
            run.steps += [Step(text) for text in left]
        pickle.runs.append(run)
        self._cases[message["id"]] = _Case(pickle, run, compact(steps), digest)

    def _test_step(self, message: Json, texts: list[StepText], ids: Ids, left: list[StepText], folder: str) -> StepText:
        if message.get("hookId"):
            return self.hooks[message["hookId"]]
        matching = [self.sentences[it] for it in list_of(message, "stepDefinitionIds", optional=True)]
        if message.get("pickleStepId") is not None:
            text = texts[position(ids, message["pickleStepId"])]
        elif left:
            # Where one step calls another, Reqnroll loses count: those after it have ids too few.
            text = left.pop(0)
        else:
            return StepText("Step", ", ".join(sentence.pattern for sentence in matching), hook=True)
        arguments = list_of(message, "stepMatchArgumentsLists", optional=True)
        for sentence, found in zip_longest(matching, arguments[: len(matching)]):
            sentence.use(text.kind, folder, Use(text.keyword, text.text), _arguments(found or {}))
        if len(matching) > 1:
            named = "\n".join(f"{sentence.pattern} ({sentence.place})" for sentence in matching)
            self._ambiguous[message["id"]] = f"Several step definitions match:\n{named}"
        return text

    def test_case_started(self, message: Json) -> None:
        """Take the beginning of an attempt. The one of the highest number counts, whatever their order."""
        name = message["id"]
        case = self._cases[message["testCaseId"]]
        # Messages may occur twice: what is known of the attempt must not be thrown away.
        if (known := self._begun.get(name)) is not None:
            if known.case is not case:
                raise ValueError(f"the attempt {name!r} is another test case's")
            return
        started, run = seconds(message["timestamp"]), case.run
        number = message.get("attempt")
        number = number if isinstance(number, int) else 0
        if case.last is None:
            run.started = True
            case.last, self._begun[name] = name, _Begun(case, run, number, started)
            return
        last = self._begun[case.last]
        again = [Step(step.source) for step in run.steps]
        if (number, name) < (last.number, case.last):
            attempt = Attempt(again, started=True)
            run.add_earlier(attempt)
            self._begun[name] = _Begun(case, attempt, number, started)
            return
        last.attempt = before = Attempt(run.steps, run.seconds, run.started, run.finished)
        run.add_earlier(before)
        run.steps, run.finished, run.seconds = again, False, None
        case.last, self._begun[name] = name, _Begun(case, run, number, started)

    def test_step_finished(self, message: Json) -> None:
        """Take the result of a step, unless it is better than what is known of the step in this attempt."""
        result, attempt = message["testStepResult"], message["testCaseStartedId"]
        step = self.step_of(attempt, message["testStepId"])
        state, took = STATES[result["status"]], seconds(result["duration"])
        if step.status != "UNKNOWN" and badness(state) > badness(step.state):
            return
        step.status, step.seconds = intern(result["status"]), max(took, 0.0)
        step.failure = failure_of(result)
        if step.status == "AMBIGUOUS" and step.failure is None and message["testStepId"] in self._ambiguous:
            step.failure = Failure(self._ambiguous[message["testStepId"]])
        if step.status == "UNDEFINED" and id(step.source) in self._snippets:
            code = self._snippets[id(step.source)]
            if step.failure is None:
                step.failure = Failure(f"No step definition says this.\nTo begin with:\n{code}")
            else:
                step.failure.trace = f"{step.failure.trace}\n\nTo begin with:\n{code}"

    def suggestion(self, message: Json) -> None:
        """Take the code that is suggested for a step without a definition."""
        snippets = [text_of(snippet, "code") for snippet in list_of(message, "snippets")]
        self._snippets[id(self._features.pickle_step(message["pickleStepId"]))] = "\n\n".join(snippets)

    def test_case_finished(self, message: Json) -> None:
        """Take the end of an attempt, which may come after the next has begun."""
        begun = self._begun[message["testCaseStartedId"]]
        took = seconds(message["timestamp"]) - begun.started
        begun.attempt.finished, begun.attempt.seconds = True, max(took, 0.0)

    def of_attempt(self, attempt: str) -> tuple[Pickle, Attempt]:
        """Return the pickle and the attempt."""
        begun = self._begun[attempt]
        return begun.case.pickle, begun.attempt

    def step_of(self, attempt: str, step: str) -> Step:
        """Return a step of an attempt, by its id."""
        begun = self._begun[attempt]
        return begun.attempt.steps[position(begun.case.ids, step)]


def _arguments(message: Json) -> Iterator[Argument]:
    """Yield where the arguments of a step stand, and their texts."""
    for argument in list_of(message, "stepMatchArguments", optional=True):
        group = argument.get("group") or {}
        start = group.get("start")
        yield start if isinstance(start, int) else None, None if group.get("value") is None else text_of(group, "value")
