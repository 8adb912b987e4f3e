"""Failures of one cause stand together, and each names the project's own line."""

from pathlib import Path

import pytest

from accord.living_docs.causes import causes, own_frame
from accord.living_docs.run import Failure
from tests.helpers.documents import document
from tests.helpers.recording import Outcome

PYTEST = """
client = <httpx.AsyncClient object at 0x7f8f6ed4f710>

steps/tasks.py:41:
_ _ _ _ _ _
app/api/routes/tasks.py:29: in create
    row = rows["owner"]
.venv/lib/python3.11/site-packages/sqlalchemy/engine/row.py:12: KeyError
"""
PYTHON = 'Traceback (most recent call last):\n  File "app/api/routes/tasks.py", line 29, in create\nKeyError: 1'
NODE = "Error: no\n    at World.<anonymous> (features/steps.js:12:3)\n    at run (node_modules/cucumber/lib/run.js:1:1)"
JAVA = "java.lang.AssertionError: no\n\tat shop.TaskSteps.created(TaskSteps.java:41)"


@pytest.mark.parametrize(
    ("failure", "frame"),
    [
        (Failure("no", PYTEST), "app/api/routes/tasks.py:29"),
        (Failure("KeyError: 1", PYTHON), "app/api/routes/tasks.py:29"),
        (Failure("no", NODE), "features/steps.js:12"),
        (Failure("no", JAVA), "TaskSteps.java:41"),
        (Failure("KeyError: 1 (app/cache.py:7) in the step `When it is` (a.feature:3)", PYTEST), "app/cache.py:7"),
        (Failure("no", "/usr/lib/python3.11/asyncio/tasks.py:5: \n../other/it.py:3: KeyError"), None),
        (Failure("no"), None),
    ],
)
def test_a_failure_names_the_innermost_line_that_is_the_projects_own(failure: Failure, frame: str | None) -> None:
    assert own_frame(failure) == frame


MANY = """
Feature: Tasks
  Scenario Outline: Titles
    When a title has <length> characters
    Examples:
      | length |
      | 1      |
      | 200    |
      | 201    |

  Scenario: Something else
    When it is something else
"""


def test_failures_that_differ_in_numbers_names_and_lines_of_features_are_of_one_cause(stream: Path) -> None:
    outcomes = {
        f"a title has {length} characters": Outcome(
            "FAILED",
            f"KeyError: {length} (app/titles.py:7) in the step `it has {length}` (a.feature:{length}): no",
        )
        for length in (1, 200)
    }
    other = {
        "a title has 201 characters": Outcome("FAILED", "KeyError: 201 (app/titles.py:8) in the step: no"),
        "it is something else": Outcome("FAILED", "KeyError: 201 (app/titles.py:8) in the step: yes"),
    }
    found = causes(document(stream, MANY, outcomes | other).broken())
    assert [[pickle.name for pickle in cause.pickles] for cause in found] == [
        ["Titles (1)", "Titles (200)"],
        ["Titles (201)"],
        ["Something else"],
    ]
    assert [cause.frame for cause in found] == ["app/titles.py:7", "app/titles.py:8", "app/titles.py:8"]
