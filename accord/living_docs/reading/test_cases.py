"""What ran: test cases, the attempts at them, and how their steps ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from accord.catalogue.sentences import Argument, Sentence, Use
from accord.living_docs.model import Pickle
from accord.living_docs.reading.features import Features
from accord.living_docs.reading.fields import Json, add, digest_of, failure_of, list_of, location_of, status_of, text_of
from accord.living_docs.reading.ids import (
    Ids,
    UnknownIdError,
    UsedIdError,
    compact,
    hashes,
    known,
    position,
)
from accord.living_docs.run import Attempt, Failure, Run, Step, StepText
from accord.living_docs.state import badness, state_of
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
    """Takes step definitions, hooks, test cases and results: what refers to nothing before it is an UnknownIdError.

    What is shown all the same has its reference among those that are `unknown`.
    """

    def __init__(self, features: Features, parts: dict[str, datetime]) -> None:
        self.hooks: dict[str, StepText] = {}
        self.unknown: list[str] = []
        # Whether Accord wrote the messages: pytest has a rule of its own.
        self.are_accords = False
        self._sentences: dict[str, Sentence] = {}
        # By pattern, place and kind: some write a definition once more for each file, with an id of its own.
        self._defined: dict[tuple[str, str, bool], Sentence] = {}
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
        self._times: dict[float, float] = {}
        # Of each run, by its identity, once somebody asks.
        self._case_of: dict[int, _Case] | None = None

    @property
    def sentences(self) -> list[Sentence]:
        """The step definitions that have words, which one has not whose pattern is not known, and that is not used."""
        return [sentence for sentence in self._defined.values() if sentence.pattern or sentence.words]

    def step_definition(self, message: Json) -> None:
        """Take a step definition."""
        name = message["id"]
        if (digest := digest_of(message, "stepDefinition", self._definitions.get(name))) is not None:
            self._definitions[name] = digest
            pattern = message["pattern"]
            is_regex = text_of(pattern, "type") == "REGULAR_EXPRESSION"
            key = text_of(pattern, "source"), location_of(message["sourceReference"]), is_regex
            if key not in self._defined:
                self._defined[key] = Sentence(key[0], key[1], is_regex=is_regex)
            self._sentences[name] = self._defined[key]

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
        pickle, ids, _digest = known(self._features.pickles, message["pickleId"])
        folder = pickle.scenario.feature.uri.rpartition("/")[0]
        steps: dict[str, Step] = {}
        running = {hash(step.get("pickleStepId")) for step in list_of(message, "testSteps")}
        left = [text for step, text in zip(hashes(ids), pickle.steps, strict=True) if step not in running]
        for step in list_of(message, "testSteps"):
            add(steps, step, Step(self._test_step(step, pickle.steps, ids, left, folder)))
        run = Run(list(steps.values()), again=self._parts.get(text_of(message, "testRunStartedId")))
        if run.steps:
            # A step of the pickle for which there is no test step does not run.
            run.steps += [Step(text) for text in left]
        # As long as it is, since nearly all have one: a list that grows takes room for more.
        pickle.runs = [*pickle.runs, run]
        case = self._cases[message["id"]] = _Case(pickle, run, compact(steps), digest)
        if self._case_of is not None:
            self._case_of[id(run)] = case

    def _test_step(self, message: Json, texts: list[StepText], ids: Ids, left: list[StepText], folder: str) -> StepText:
        try:
            if message.get("hookId"):
                return known(self.hooks, message["hookId"])
            if message.get("pickleStepId") is not None:
                text = texts[position(ids, message["pickleStepId"])]
            elif left:
                # Where one step calls another, Reqnroll loses count: those after it have ids too few.
                text = left.pop(0)
            else:
                text = StepText("Step", "", hook=True)
        except UnknownIdError as error:
            return self._unknown(error)
        matching = []
        definitions, arguments = list_of(message, "stepDefinitionIds"), list_of(message, "stepMatchArgumentsLists")
        for name, found in zip_longest(definitions, arguments[: len(definitions)]):
            if (sentence := self._sentences.get(name)) is None:
                self.unknown.append(name)
                continue
            matching.append(sentence)
            if not text.hook:
                sentence.use(text.kind, folder, Use(text.keyword, text.text), _arguments(found or {}))
        if text.hook:
            text.text = ", ".join(sentence.pattern for sentence in matching)
        elif len(matching) > 1:
            named = "\n".join(f"{sentence.pattern or sentence.words} ({sentence.place})" for sentence in matching)
            self._ambiguous[message["id"]] = f"Several step definitions match:\n{named}"
        return text

    def _unknown(self, error: UnknownIdError) -> StepText:
        """Note what a step refers to, and return what is shown for it."""
        name = str(error.args[0])
        self.unknown.append(name)
        return StepText("Step", name, hook=True)

    def test_case_started(self, message: Json) -> None:
        """Take the beginning of an attempt. The one of the highest number counts, whatever their order."""
        name = message["id"]
        case = known(self._cases, message["testCaseId"])
        started, number = seconds(message["timestamp"]), message.get("attempt")
        # Messages may occur twice: what is known of the attempt must not be thrown away.
        if (before := self._begun.get(name)) is not None:
            if before.case is not case or before.started != started:
                raise UsedIdError(f"the attempt {name!r} occurs twice, with different content")
            return
        number, steps = number if isinstance(number, int) else 0, case.run.steps
        if case.last is None and not (number and self._continues(case, number)):
            case.run.started = True
            case.last, self._begun[name] = name, _Begun(case, case.run, number, started)
            return
        self._add_attempt(case, name, number, started, [Step(step.source) for step in steps])

    def _continues(self, case: _Case, number: int) -> bool:
        """Return whether a test case is another attempt at one of the same pickle, and have its run be that one's.

        pytest-bdd-ng writes a test case for each attempt.
        """
        if self._case_of is None:
            self._case_of = {id(it.run): it for it in self._cases.values()}
        for run in case.pickle.runs[-2:]:
            before = self._case_of[id(run)]
            if before.last is not None and self._begun[before.last].number < number:
                case.pickle.runs.remove(case.run)
                case.run, case.last = run, before.last
                self._case_of[id(run)] = case
                return True
        return False

    def _add_attempt(self, case: _Case, name: str, number: int, started: float, steps: list[Step]) -> None:
        """Add an attempt to those that there are; whichever is the last is the run itself."""
        assert case.last is not None
        last, run = self._begun[case.last], case.run
        if (number, started, name) < (last.number, last.started, case.last):
            attempt = Attempt(steps, started=True)
            run.add_earlier(attempt)
            self._begun[name] = _Begun(case, attempt, number, started)
            return
        last.attempt = before = Attempt(run.steps, run.seconds, run.started, run.finished)
        run.add_earlier(before)
        run.steps, run.finished, run.seconds = steps, False, None
        case.last, self._begun[name] = name, _Begun(case, run, number, started)

    def test_step_finished(self, message: Json) -> None:
        """Take the result of a step, unless it is better than what is known of the step in this attempt."""
        result, attempt = message["testStepResult"], message["testCaseStartedId"]
        try:
            step = self.step_of(attempt, message["testStepId"])
        except UnknownIdError as error:
            # What became of it must not be lost.
            _pickle, of = self.of_attempt(attempt)
            of.steps.append(step := Step(self._unknown(error)))
        status, took = status_of(result), seconds(result.get("duration") or {})
        if step.status != "UNKNOWN" and badness(state_of(status)) > badness(step.state):
            return
        # Nobody reads more of it, and of equal times one is kept: a large run has hundreds of thousands.
        took = round(max(took, 0.0), 4)
        step.status, step.seconds = status, self._times.setdefault(took, took)
        step.failure = failure_of(result)
        if self.are_accords and step.failure and step.failure.kind == "NotImplementedError":
            step.failure.fails_run = True
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
        name = message["testCaseStartedId"]
        begun = self._begun.get(name) or self._of_case(name)
        took = seconds(message["timestamp"]) - begun.started
        begun.attempt.finished, begun.attempt.seconds = True, max(took, 0.0)

    def of_attempt(self, attempt: str) -> tuple[Pickle, Attempt]:
        """Return the pickle and the attempt."""
        begun = self._begun.get(attempt) or self._of_case(attempt)
        return begun.case.pickle, begun.attempt

    def step_of(self, attempt: str, step: str) -> Step:
        """Return a step of an attempt, by its id."""
        begun = self._begun.get(attempt) or self._of_case(attempt)
        return begun.attempt.steps[position(begun.case.ids, step)]

    def _of_case(self, name: str) -> _Begun:
        """Return the last attempt at a test case, which pytest-bdd-ng names in place of it."""
        case = self._cases.get(name)
        return known(self._begun, (case and case.last) or name)


def _arguments(message: Json) -> Iterator[Argument]:
    """Yield where the arguments of a step stand, and their texts."""
    for argument in list_of(message, "stepMatchArguments"):
        group = argument.get("group") or {}
        start = group.get("start")
        yield start if isinstance(start, int) else None, None if group.get("value") is None else text_of(group, "value")
