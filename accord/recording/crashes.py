"""Scenarios whose process died: what a worker of pytest-xdist could not tell any more is told in its place."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from accord.basics.clock import now
from accord.compat.xdist import exit_of_worker
from accord.recording import ndjson
from accord.recording.recorder import Envelope, timestamp

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


def envelopes(crashes: dict[str, Crash], selected: dict[str, str], stream: Path) -> Iterator[Envelope]:
    """Yield the messages of test cases that ended so, by the id of the case; `stream` has their pickles.

    What became of the steps is unknown, and the failure is a hook's, as it is in other Cucumbers where no step failed.
    """
    if not crashes:
        return
    yield {"hook": _HOOK}
    steps = dict(_steps({selected[case] for case in crashes}, stream))
    for case, crash in crashes.items():
        yield from _case(case, selected[case], steps.get(selected[case], []), crash)


def _case(case: str, pickle: str, steps: list[str], crash: Crash) -> Iterator[Envelope]:
    at, attempt = timestamp(crash.at), f"{case}.attempt.0"
    written: list[Envelope] = [
        {"id": f"{case}.step.{number}", "pickleStepId": step} for number, step in enumerate(steps)
    ]
    hook = {"id": f"{case}.worker", "hookId": _HOOK["id"]}
    yield {"testCase": {"id": case, "pickleId": pickle, "testSteps": [*written, hook], "testRunStartedId": "run"}}
    started = {"id": attempt, "testCaseId": case, "attempt": 0, "timestamp": at, "workerId": crash.worker}
    yield {"testCaseStarted": started}
    message = crash.sentence()
    failed = {"status": "FAILED", "message": message, "exception": {"type": "Crash", "message": message}}
    for step in (*written, hook):
        ids = {"testCaseStartedId": attempt, "testStepId": step["id"], "timestamp": at}
        yield {"testStepStarted": ids}
        result = {"duration": timestamp(0), **(failed if step is hook else {"status": "UNKNOWN"})}
        yield {"testStepFinished": {**ids, "testStepResult": result}}
    yield {"testCaseFinished": {"testCaseStartedId": attempt, "timestamp": at, "willBeRetried": False}}


def _steps(pickles: Iterable[str], stream: Path) -> Iterator[tuple[str, list[str]]]:
    wanted = set(pickles)
    with stream.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"pickle"') and (pickle := ndjson.loads(line)["pickle"])["id"] in wanted:
                yield pickle["id"], [step["id"] for step in pickle["steps"]]
