"""A pytest plugin that notes how a run starts, in the file that BENCHMARK_BEGUN names, a line for each stage.

A line has the time at which the stage ended, as `time.perf_counter` tells it to every process, and the name of the
stage. The last one ends where the first step is carried out.
"""

import os
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

FIXTURES = {"database_url": "the database, made and migrated", "contract": "the app's OpenAPI document"}
OTHERS = "other fixtures"
FIRST_STEP = "the first step is carried out"
_LINES: list[str] = []


def _note(stage: str) -> None:
    _LINES.append(f"{time.perf_counter()} {stage}\n")


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Python, pytest, its plugins and the conftest files have been loaded, and with them the app."""
    _note("loading Python, pytest, plugins, conftest and the app")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """The scenarios have been collected."""
    _note("configuring and collecting")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    """A fixture is set up."""
    stage = FIXTURES.get(fixturedef.argname)
    if stage is not None:
        _note(OTHERS)
    result = yield
    if stage is not None:
        _note(stage)
    return result


def pytest_bdd_before_step_call() -> None:
    """The first step is carried out, or another, which is not noted."""
    begun = Path(os.environ["BENCHMARK_BEGUN"])
    if not begun.exists():
        _note(OTHERS)
        begun.write_text("".join(_LINES), encoding="utf-8")
        print(FIRST_STEP, file=sys.stderr)
