"""How long each scenario took: pytest-split reads it from a file, and gives each of several machines its share."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from accord.errors import AccordError
from accord.gherkin.names import node_ids
from accord.recording.envelopes import case_id, seconds
from accord.recording.reader import UNFIT, invalid, messages

# Large or many, and without a duration of a whole scenario.
_UNNEEDED = ("source", "attachment", "testStepStarted", "testStepFinished")


def share_by_durations(config: pytest.Config, baseline: Path | None) -> None:
    """Have pytest-split, if it shares this run, read how long the scenarios took in the run of these messages.

    What its own file (`--durations-path`) knows of other tests stays. A run that stores durations writes that file, and
    reads it as it is. Raises UsageError of pytest's for what is not a messages file.
    """
    options = config.option
    if baseline is None or not getattr(options, "splits", None) or options.store_durations:
        return
    try:
        known = durations(baseline)
    except AccordError as error:
        raise pytest.UsageError(str(error)) from None
    own = Path(options.durations_path)
    # Closing does not remove it: pytest-split opens it by its name afterwards, as Windows does not let it before.
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8", delete=False) as file:
        json.dump((dict(json.loads(own.read_bytes())) if own.is_file() else {}) | known, file)
    # A file of this run's own, since pytest-split's may be part of the project.
    options.durations_path = file.name
    config.add_cleanup(Path(file.name).unlink)


def durations(file: Path) -> dict[str, float]:
    """Return how many seconds each scenario of a messages file took, by pytest's node id.

    Of several attempts the last one counts. Those that a Python module binds are left out: their node ids are made of
    what stands in the module. Raises UsageError for what is not a messages file.
    """
    reading = _Reading()
    for number, kind, message in messages(file, without=_UNNEEDED):
        try:
            reading.take(kind, message)
        except UNFIT as error:
            raise invalid(file, number, error) from None
    return reading.found


class _Reading:
    def __init__(self) -> None:
        self.found: dict[str, float] = {}
        # Node ids by nodes of Gherkin's tree, then by pickles, then by test cases.
        self._nodes: dict[str, str] = {}
        self._pickles: dict[str, str] = {}
        self._cases: dict[str, str] = {}
        self._attempts: dict[str, tuple[str, float]] = {}

    def take(self, kind: str, message: dict[str, Any]) -> None:
        match kind:
            case "gherkinDocument" if "feature" in message:
                self._nodes.update(node_ids(message["uri"], message["feature"]))
            case "pickle":
                if (item := self._nodes.get(message["astNodeIds"][-1])) is not None:
                    self._pickles[message["id"]] = item
            case "testCase":
                item = self._pickles.get(message["pickleId"])
                if item is not None and case_id(item) == message["id"]:
                    self._cases[message["id"]] = item
            case "testCaseStarted":
                self._attempts[message["id"]] = message["testCaseId"], seconds(message["timestamp"])
            case "testCaseFinished":
                case, started = self._attempts.pop(message["testCaseStartedId"])
                if case in self._cases:
                    self.found[self._cases[case]] = seconds(message["timestamp"]) - started
