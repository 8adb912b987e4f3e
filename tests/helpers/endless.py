"""Scenarios of the service that never ends, and what a run says of them."""

import pytest

from tests.helpers.project import Project

ANSWERS = ("Scenario: Two", "  Then the service answers")


def scenarios(project: Project, *sentences: str) -> None:
    """Write a scenario of these sentences, the first of them in line 3, and another one after it."""
    lines = ["Feature: It", "Scenario: One", *sentences, *ANSWERS]
    project.feature("\n".join(lines))


def said(result: pytest.RunResult) -> str:
    """What the run said."""
    return "\n".join(result.outlines)
