"""What a run left in its messages file."""

import json
from pathlib import Path
from typing import Any

from tests.helpers.project import Project

Messages = list[dict[str, Any]]

STEPS = """
@given("a step")
async def _(): ...

@given(parsers.parse("a {number:d}"))
async def _(number): ...

@then("it holds")
async def _(): ...

@then("it breaks")
async def _():
    assert 1 == 2, "one is not two"
"""


def read(path: Path) -> Messages:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def messages(project: Project) -> Messages:
    return read(project.path / "living-docs" / "messages.ndjson")


def of(kind: str, told: Messages) -> list[Any]:
    return [message[kind] for message in told if kind in message]


def statuses(told: Messages) -> list[str]:
    return [finished["testStepResult"]["status"] for finished in of("testStepFinished", told)]


def outcome(told: Messages) -> dict[str, list[str]]:
    """Return the statuses of the steps, by the name of their scenario."""
    cases = {case["id"]: case["pickleId"] for case in of("testCase", told)}
    started = {it["id"]: cases[it["testCaseId"]] for it in of("testCaseStarted", told)}
    found: dict[str, list[str]] = {pickle["id"]: [] for pickle in of("pickle", told)}
    for finished in of("testStepFinished", told):
        found[started[finished["testCaseStartedId"]]].append(finished["testStepResult"]["status"])
    return found
