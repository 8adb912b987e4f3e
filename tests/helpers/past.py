"""Runs of a feature, one a day, and the history that they leave."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from accord.living_docs.model import Document, Pickle
from accord.living_docs.past_runs import NO_HISTORY, History
from tests.helpers.documents import document
from tests.helpers.recording import Outcome

FEATURE = "Feature: It\n  Scenario: One\n    * it is\n  Scenario: Two\n    * it was\n"
DAY = datetime(2026, 11, 1, 9, tzinfo=UTC)
BROKEN = {"it is": Outcome("FAILED", "no")}
SKIPPED = {"it is": Outcome("SKIPPED")}
# A run in which the scenario is not.
AWAY = {"": Outcome()}


def run(stream: Path, day: float, outcomes: dict[str, Outcome] | None = None) -> Document:
    """A run of the feature that began on that day."""
    left_out = ["One"] if outcomes is AWAY else []
    found = document(stream, FEATURE, outcomes or {}, leave_out=left_out)
    found.metadata.started = DAY + timedelta(days=day)
    return found


def after(stream: Path, *runs: dict[str, Outcome] | None, days: float = 1) -> tuple[History, Pickle]:
    """The history of these runs, one a day, and the first promise as the last of them left it."""
    found = NO_HISTORY
    for number, outcomes in enumerate(runs):
        last = run(stream, number * days, outcomes)
        found = found.with_run(last)
    return found, next(last.pickles())
