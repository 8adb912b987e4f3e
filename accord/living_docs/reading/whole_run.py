"""What messages say of the run itself: when it was, of which commit, and what is wrong with it."""

from collections import Counter
from datetime import UTC, datetime

from accord.living_docs.model import RunMetadata
from accord.living_docs.reading.fields import Json, failure_of, location_of, object_of, text_of
from accord.living_docs.reading.test_cases import TestCases
from accord.living_docs.run import Failure, StepText
from accord.living_docs.state import State, state_of
from accord.living_docs.words import moment
from accord.recording import provenance
from accord.recording.envelopes import is_own, is_part, seconds


class WholeRun:
    """Takes the messages that are not of a single scenario."""

    def __init__(self, cases: TestCases, parts: dict[str, datetime]) -> None:
        # How many runs have begun.
        self.count = 0
        self.metadata = RunMetadata()
        self.provenance: provenance.Provenance = {}
        self.problems: list[tuple[str, Failure]] = []
        self.unread: Counter[str] = Counter()
        self.finished = False
        self.has_failed = False
        self._cases = cases
        # When each run of a part began, by its id, of which the times are not those of the whole.
        self._parts = parts
        self._hooks: dict[str, str] = {}

    def problem(self, title: str, message: str) -> None:
        """Note what is wrong with the run."""
        self.problems.append((title, Failure(message)))

    def meta(self, message: Json) -> None:
        """Take the commit, and the build where a server of CI ran it: each run begins so."""
        self.count += 1
        self._cases.are_accords = is_own(message)
        ci = object_of(message.get("ci") or {}, "ci")
        git = object_of(ci.get("git") or {}, "git")
        self.metadata.revision, self.metadata.branch = text_of(git, "revision"), text_of(git, "branch")
        self.metadata.remote = text_of(git, "remote")
        provenance.add(self.provenance, provenance.of_meta(message))
        # `local` is what Accord writes where there is no such server.
        if ci and ci["name"] != "local":
            self.metadata.ci = text_of(ci, "name")
            self.metadata.build = f"{text_of(ci, 'name')} {text_of(ci, 'buildNumber')}".strip()
            self.metadata.url = text_of(ci, "url")

    def add_provenance(self, found: Json, run: str) -> None:
        """Take where the record of a run comes from: one of several that were merged, or one of a part."""
        known = self.provenance
        if (part := self._parts.get(run)) is not None:
            found = {
                name: [f"{value}, in the run of a part on {moment(part)}" for value in provenance.texts(values)]
                for name, values in found.items()
                if provenance.texts(values) != known.get(name)
            }
        provenance.add(known, found)

    def parse_error(self, message: Json) -> None:
        """Take the fault of a feature file."""
        source = message["source"]
        self.problem(f"{location_of(source)} is not understood", text_of(message, "message"))
        self.unread[text_of(source, "uri")] += 1

    def undefined_parameter_type(self, message: Json) -> None:
        """Take the name of a parameter type that no one defined."""
        name, expression = text_of(message, "name"), text_of(message, "expression")
        self.problem("A parameter type is not defined", f"{name}, in `{expression}`")

    def test_run_started(self, message: Json) -> None:
        """Take the time; of several runs in a file the first counts, and those of a part that follow are noted."""
        started = datetime.fromtimestamp(seconds(message["timestamp"]), UTC)
        run = text_of(message, "id")
        if is_part(run) and self.metadata.started is not None:
            self._parts[run] = started
            return
        # Files of several machines may have been joined by hand.
        self.metadata.started = min(self.metadata.started or started, started)

    def test_run_finished(self, message: Json) -> None:
        """Take the time, and why the run failed if that was not a scenario."""
        self.finished = True
        self.has_failed = self.has_failed or message.get("success") is False
        if self.metadata.started and text_of(message, "testRunStartedId") not in self._parts:
            took = seconds(message["timestamp"]) - self.metadata.started.timestamp()
            self.metadata.seconds = max(took, self.metadata.seconds or 0.0)
        if failure := failure_of(message):
            self.problems.append(("The run failed", failure))

    def test_run_hook_started(self, message: Json) -> None:
        """Take which hook it is: its end does not say."""
        self._hooks[message["id"]] = message["hookId"]
        # The compatibility kit 22 names the run at the end of a hook.
        self._hooks[text_of(message, "testRunStartedId")] = message["hookId"]

    def test_run_hook_finished(self, message: Json) -> None:
        """Take a hook that failed."""
        name = message["testRunHookStartedId"]
        if (hook := self._cases.hooks.get(self._hooks.get(name, ""))) is None:
            self._cases.unknown.append(name)
            hook = StepText("A hook", name, hook=True)
        failure = failure_of(message["result"])
        if state_of(text_of(message["result"], "status")) is State.BROKEN:
            self.problems.append((f"{hook.keyword} failed: {hook.text}", failure or Failure("")))
