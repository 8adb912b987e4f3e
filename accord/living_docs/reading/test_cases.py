"""What ran: test cases, the attempts at them, and how their steps ended."""

from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest

from accord.catalogue.sentences import Argument, Sentence, Use
from accord.living_docs.model import Pickle
from accord.living_docs.reading.features import Features
from accord.living_docs.reading.fields import Json, Seen, add, failure_of, list_of, location_of, text_of
from accord.living_docs.run import Failure, Run, Step, StepText
from accord.living_docs.state import STATES, badness
from accord.recording.envelopes import seconds


class TestCases:
    """Takes step definitions, hooks, test cases and results: what refers to nothing before it is a LookupError."""

    def __init__(self, features: Features, seen: Seen, parts: dict[str, datetime]) -> None:
        self.hooks: dict[str, StepText] = {}
        self.sentences: dict[str, Sentence] = {}
        self._features = features
        self._seen = seen
        # When each run of a part began, by its id.
        self._parts = parts
        self._cases: dict[str, tuple[Pickle, Run, dict[str, Step]]] = {}
        # Failures that no result says: by the id of the test step, and by the identity of its text.
        self._ambiguous: dict[str, str] = {}
        self._snippets: dict[int, str] = {}
        # The test case of each attempt, when each began, and which is the last of a test case.
        self._attempts: dict[str, str] = {}
        self._started: dict[str, float] = {}
        self._last_attempts: dict[str, str] = {}

    def step_definition(self, message: Json) -> None:
        """Take a step definition."""
        if self._seen.is_new("stepDefinition", message["id"], message):
            pattern = message["pattern"]
            is_regex = text_of(pattern, "type") == "REGULAR_EXPRESSION"
            place = location_of(message["sourceReference"])
            self.sentences[message["id"]] = Sentence(text_of(pattern, "source"), place, is_regex=is_regex)

    def hook(self, message: Json) -> None:
        """Take a hook, which is shown among the steps by its type and name."""
        keyword = (text_of(message, "type") or "hook").replace("_", " ").capitalize()
        text = text_of(message, "name") or location_of(message["sourceReference"])
        self.hooks[message["id"]] = StepText(keyword, text, hook=True)

    def test_case(self, message: Json) -> None:
        """Take a test case, with the steps and hooks that it will run."""
        if not self._seen.is_new("testCase", message["id"], message):
            return
        pickle, texts = self._features.pickles[message["pickleId"]]
        folder = pickle.scenario.feature.uri.rpartition("/")[0]
        steps: dict[str, Step] = {}
        for step in list_of(message, "testSteps"):
            add(steps, step, Step(self._test_step(step, texts, folder)))
        run = Run(list(steps.values()), again=self._parts.get(text_of(message, "testRunStartedId")))
        if run.steps:
            # A step of the pickle for which there is no test step does not run.
            running = {step.get("pickleStepId") for step in message["testSteps"]}
            run.steps += [Step(text) for step, text in texts.items() if step not in running]
        pickle.runs.append(run)
        self._cases[message["id"]] = (pickle, run, steps)

    def _test_step(self, message: Json, texts: dict[str, StepText], folder: str) -> StepText:
        if message.get("hookId"):
            return self.hooks[message["hookId"]]
        text = texts[message["pickleStepId"]]
        matching = [self.sentences[it] for it in list_of(message, "stepDefinitionIds", optional=True)]
        arguments = list_of(message, "stepMatchArgumentsLists", optional=True)
        for sentence, found in zip_longest(matching, arguments[: len(matching)]):
            sentence.use(text.kind, folder, Use(text.keyword, text.text), _arguments(found or {}))
        if len(matching) > 1:
            named = "\n".join(f"{sentence.pattern} ({sentence.place})" for sentence in matching)
            self._ambiguous[message["id"]] = f"Several step definitions match:\n{named}"
        return text

    def test_case_started(self, message: Json) -> None:
        """Take the beginning of an attempt; the failure of an earlier one is noted as the reason for it."""
        case, attempt = message["testCaseId"], message["id"]
        _, run, steps = self._cases[case]
        if self._attempts.setdefault(attempt, case) != case:
            raise ValueError(f"the attempt {attempt!r} is another test case's")
        # Messages may occur twice: what is known of the attempt must not be thrown away.
        if attempt in self._started:
            return
        if run.started:
            run.earlier.append(run.worst.failure.first_line if run.worst and run.worst.failure else run.reason)
            for step in steps.values():
                step.status, step.seconds, step.failure, step.attachments = "UNKNOWN", 0.0, None, []
        run.started, run.finished, run.seconds = True, False, None
        self._last_attempts[case] = attempt
        self._started[attempt] = seconds(message["timestamp"])

    def test_step_finished(self, message: Json) -> None:
        """Take the result of a step, unless it is of an earlier attempt, or better than what is known of the step."""
        result, attempt = message["testStepResult"], message["testCaseStartedId"]
        case = self._attempts[attempt]
        step = self._cases[case][2][message["testStepId"]]
        state, took = STATES[result["status"]], seconds(result["duration"])
        if self._last_attempts[case] != attempt or (step.status != "UNKNOWN" and badness(state) > badness(step.state)):
            return
        step.status, step.seconds = result["status"], max(took, 0.0)
        step.failure = failure_of(result)
        if step.status == "AMBIGUOUS" and step.failure is None and message["testStepId"] in self._ambiguous:
            step.failure = Failure(self._ambiguous[message["testStepId"]])
        if step.status == "UNDEFINED" and id(step.source) in self._snippets:
            code = self._snippets[id(step.source)]
            if step.failure is None:
                step.failure = Failure(f"No step definition says this. To begin with:\n{code}")
            else:
                step.failure.trace = f"{step.failure.trace}\n\nTo begin with:\n{code}"

    def suggestion(self, message: Json) -> None:
        """Take the code that is suggested for a step without a definition."""
        snippets = [text_of(snippet, "code") for snippet in list_of(message, "snippets")]
        self._snippets[id(self._features.pickle_steps[message["pickleStepId"]])] = "\n\n".join(snippets)

    def test_case_finished(self, message: Json) -> None:
        """Take the end of an attempt."""
        attempt = message["testCaseStartedId"]
        case = self._attempts[attempt]
        run, took = self._cases[case][1], seconds(message["timestamp"]) - self._started[attempt]
        # The end of an earlier attempt may come after the next has begun.
        if self._last_attempts[case] == attempt:
            run.finished, run.seconds = True, max(took, 0.0)

    def of_attempt(self, attempt: str) -> tuple[Pickle, Run, dict[str, Step]]:
        """Return the pickle, the run and its steps by id that an attempt belongs to."""
        return self._cases[self._attempts[attempt]]


def _arguments(message: Json) -> Iterator[Argument]:
    """Yield where the arguments of a step stand, and their texts."""
    for argument in list_of(message, "stepMatchArguments", optional=True):
        group = argument.get("group") or {}
        start = group.get("start")
        yield start if isinstance(start, int) else None, None if group.get("value") is None else text_of(group, "value")
