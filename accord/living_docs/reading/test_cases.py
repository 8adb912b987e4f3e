"""What ran: test cases, the attempts at them, and how their steps ended."""

from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest

from accord.catalogue.sentences import Argument, Sentence, Use
from accord.living_docs.model import Pickle
from accord.living_docs.reading.features import Features
from accord.living_docs.reading.fields import Json, Seen, add, failure_of, list_of, location_of, text_of
from accord.living_docs.run import Attempt, Failure, Run, Step, StepText
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
        # Each attempt, the test case of which it is, when it began, and its steps by id.
        self._attempts: dict[str, Attempt] = {}
        self._case_of: dict[str, str] = {}
        self._started: dict[str, float] = {}
        self._steps: dict[str, dict[str, Step]] = {}
        # Which attempt is the last of a test case, with its number.
        self._last: dict[str, tuple[int, str]] = {}

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
        running = {step.get("pickleStepId") for step in list_of(message, "testSteps")}
        left = [text for step, text in texts.items() if step not in running]
        for step in message["testSteps"]:
            add(steps, step, Step(self._test_step(step, texts, left, folder)))
        run = Run(list(steps.values()), again=self._parts.get(text_of(message, "testRunStartedId")))
        if run.steps:
            # A step of the pickle for which there is no test step does not run.
            run.steps += [Step(text) for text in left]
        pickle.runs.append(run)
        self._cases[message["id"]] = (pickle, run, steps)

    def _test_step(self, message: Json, texts: dict[str, StepText], left: list[StepText], folder: str) -> StepText:
        if message.get("hookId"):
            return self.hooks[message["hookId"]]
        matching = [self.sentences[it] for it in list_of(message, "stepDefinitionIds", optional=True)]
        if message.get("pickleStepId") is not None:
            text = texts[message["pickleStepId"]]
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
        case, attempt = message["testCaseId"], message["id"]
        _, run, steps = self._cases[case]
        if self._case_of.setdefault(attempt, case) != case:
            raise ValueError(f"the attempt {attempt!r} is another test case's")
        # Messages may occur twice: what is known of the attempt must not be thrown away.
        if attempt in self._started:
            return
        self._started[attempt] = seconds(message["timestamp"])
        number = message.get("attempt")
        place = (number if isinstance(number, int) else 0, attempt)
        if (last := self._last.get(case)) is None:
            self._last[case] = place
            self._attempts[attempt], self._steps[attempt], run.started = run, steps, True
            return
        again = {step_id: Step(step.source) for step_id, step in steps.items()}
        # With those of the pickle for which there is no test step.
        rest = [Step(step.source) for step in run.steps[len(steps) :]]
        if place[0] < last[0]:
            run.earlier.append(Attempt([*again.values(), *rest], started=True))
            self._attempts[attempt], self._steps[attempt] = run.earlier[-1], again
            return
        self._attempts[last[1]] = before = Attempt(run.steps, run.seconds, run.started, run.finished)
        run.earlier.append(before)
        run.steps, run.finished, run.seconds = [*again.values(), *rest], False, None
        self._last[case] = place
        self._attempts[attempt], self._steps[attempt] = run, again

    def test_step_finished(self, message: Json) -> None:
        """Take the result of a step, unless it is better than what is known of the step in this attempt."""
        result, attempt = message["testStepResult"], message["testCaseStartedId"]
        step = self._steps[attempt][message["testStepId"]]
        state, took = STATES[result["status"]], seconds(result["duration"])
        if step.status != "UNKNOWN" and badness(state) > badness(step.state):
            return
        step.status, step.seconds = result["status"], max(took, 0.0)
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
        self._snippets[id(self._features.pickle_steps[message["pickleStepId"]])] = "\n\n".join(snippets)

    def test_case_finished(self, message: Json) -> None:
        """Take the end of an attempt, which may come after the next has begun."""
        name = message["testCaseStartedId"]
        attempt, took = self._attempts[name], seconds(message["timestamp"]) - self._started[name]
        attempt.finished, attempt.seconds = True, max(took, 0.0)

    def of_attempt(self, attempt: str) -> tuple[Pickle, Attempt, dict[str, Step]]:
        """Return the pickle, the attempt and its steps by id."""
        return self._cases[self._case_of[attempt]][0], self._attempts[attempt], self._steps[attempt]


def _arguments(message: Json) -> Iterator[Argument]:
    """Yield where the arguments of a step stand, and their texts."""
    for argument in list_of(message, "stepMatchArguments", optional=True):
        group = argument.get("group") or {}
        start = group.get("start")
        yield start if isinstance(start, int) else None, None if group.get("value") is None else text_of(group, "value")
