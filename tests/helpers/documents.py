"""What is read of a messages file that was written by hand, or is of the compatibility kit."""

from importlib.metadata import files
from pathlib import Path
from typing import Any

from accord.living_docs.model import Document
from accord.living_docs.reader import read
from accord.living_docs.state import State
from tests.helpers.recording import Json, Outcome, ndjson, recorded

KIT = {
    file.stem: Path(str(file.locate()))
    for file in files("cucumber-compatibility-kit") or ()
    if file.match("features/*/*.ndjson")
}
TASKS = """
Feature: Tasks
  Scenario: A task
    Given a list
    When I write a task
    Then it is there
  Scenario Outline: Titles
    When I write <title>
    Then it is there
    Examples:
      | title |
      | milk  |
      | bread |
"""
BROKEN = {"I write a task": Outcome("FAILED", "no\nassert 1 == 2", "tasks.py:3: in write")}


def document(stream: Path, *arguments: Any, **options: Any) -> Document:
    """What is read of a run of features by address."""
    features, *rest = arguments
    features = features if isinstance(features, dict) else {"features/tasks.feature": features}
    stream.write_text(ndjson(recorded(features, *rest, **options)), encoding="utf-8")
    return read(stream)


def told(stream: Path, messages: list[Json]) -> Document:
    stream.write_text(ndjson(messages), encoding="utf-8")
    return read(stream)


def states(document: Document) -> list[tuple[str, State]]:
    return [(pickle.name, pickle.state) for pickle in document.pickles()]
