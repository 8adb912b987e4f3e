"""Hooks of Accord's own, by which its rooms learn of each other's work without knowing each other."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from accord.gherkin.document import Document
from accord.gherkin.rules.fault import Fault


def pytest_accord_feature(document: Document) -> None:
    """A feature file was read, and its scenarios will be collected."""


def pytest_accord_faults(path: Path, faults: Sequence[Fault]) -> None:
    """Nothing of a feature file, or of an outline in it, can run, because of these faults."""


@pytest.hookspec(firstresult=True)
def pytest_accord_messages(session: pytest.Session, messages: Path) -> bool | None:
    """Called when a run has ended and all its messages are in the file, which no other run writes to.

    An implementation that returns True takes care of the file; otherwise it becomes the messages file of the last run.
    """
