"""Scenarios whose process died: the messages that a worker of pytest-xdist could no longer send are written for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from accord.basics.clock import now
from accord.compat.xdist import exit_of_worker
from accord.recording.envelopes import Envelope, timestamp
from accord.recording.reader import messages

# All that is large or many in the file in which the pickles are looked up.
_UNNEEDED = (
    *("source", "gherkinDocument", "stepDefinition", "attachment", "suggestion", "testCase", "testCaseStarted"),
    *("testStepStarted", "testStepFinished", "testCaseFinished"),
)
_HOOK = {"id": "worker", "name": "The worker is there until the end", "type": "AFTER_TEST_CASE", "sourceReference": {}}


@dataclass(frozen=True)
class Crash:
    """A worker that died, what it ran, and when that was seen (nanoseconds since 1970)."""

    nodeid: str
    worker: str
    how: str
    at: int

    @classmethod
    def of(cls, nodeid: str, node: object) -> "Crash":
        """Return what is known of a crash; `node` is what pytest-xdist has for the worker."""
        worker, how = exit_of_worker(node)
        return cls(nodeid, worker, how, now())

    def sentence(self) -> str:
        """What happened."""
        return (
            f"The worker {self.worker} of pytest-xdist crashed ({self.how}) while it ran {self.nodeid}: "
            "look for what ends the process there, be it a step, the app, or the system that runs out of memory."
        )


def envelopes(crashes: dict[str, Crash], pickles: dict[str, str], file: Path) -> Iterator[Envelope]:
    """Yield the messages of test cases that ended so, by the id of the case; `file` has the `pickles` of the cases.

    What became of the steps is unknown, and the failure is a hook's, as it is in other Cucumbers where no step failed.
    """
    if not crashes:
        return
    yield {"hook": _HOOK}
    steps = dict(_steps({pickles[case] for case in crashes}, file))
    for case, crash in crashes.items():
        yield from _case(case, pickles[case], steps.get(pickles[case], []), crash)


def _case(case: str, pickle: str, steps: list[str], crash: Crash) -> Iterator[Envelope]:
    # The ids are those that the recorder would have given, so that such a file can be merged with others.
    at, attempt = timestamp(crash.at), f"{case}.attempt.0"
    test_steps: list[Envelope] = [
        {"id": f"{case}.step.{number}", "pickleStepId": step} for number, step in enumerate(steps)
    ]
    hook = {"id": f"{case}.worker", "hookId": _HOOK["id"]}
    yield {"testCase": {"id": case, "pickleId": pickle, "testSteps": [*test_steps, hook], "testRunStartedId": "run"}}
    started = {"id": attempt, "testCaseId": case, "attempt": 0, "timestamp": at, "workerId": crash.worker}
    yield {"testCaseStarted": started}
    message = crash.sentence()
    failed = {"status": "FAILED", "message": message, "exception": {"type": "Crash", "message": message}}
    for step in (*test_steps, hook):
        ids = {"testCaseStartedId": attempt, "testStepId": step["id"], "timestamp": at}
        yield {"testStepStarted": ids}
        result = {"duration": timestamp(0), **(failed if step is hook else {"status": "UNKNOWN"})}
        yield {"testStepFinished": {**ids, "testStepResult": result}}
    yield {"testCaseFinished": {"testCaseStartedId": attempt, "timestamp": at, "willBeRetried": False}}


def _steps(pickles: set[str], file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield id and steps of these pickles. The workers' pickles are in the file only: nobody keeps them in memory."""
    for _number, kind, message in messages(file, without=_UNNEEDED):
        if kind == "pickle" and message["id"] in pickles:
            yield message["id"], [step["id"] for step in message["steps"]]
