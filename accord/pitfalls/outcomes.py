"""A pytest plugin that writes how each specimen of a run ended: what failed, and with which words."""

import json
import os
import re
from pathlib import Path

import pytest

FILE = "ACCORD_PITFALLS_OUTCOMES"
LOCATION = re.compile(r"[^\s(]+\.feature:\d+")
_outcomes: dict[str, list[str]] = {}


def _note(report: pytest.CollectReport | pytest.TestReport) -> None:
    specimen = report.nodeid.partition("/")[0]
    failures = _outcomes.setdefault(specimen, [])
    if report.failed:
        failures.append(_words(report))


def _words(report: pytest.CollectReport | pytest.TestReport) -> str:
    """Return where it failed, in the feature, and the sentence of the error, or of the assertion in a traceback."""
    text = report.longreprtext
    lines = text.splitlines()
    # pytest marks the lines of an error with an E; a sentence of Accord's has no marks.
    outcome = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")] or lines
    sentence = next(filter(None, outcome), "")
    if LOCATION.search(sentence):
        return sentence
    path, line, _name = report.location or ("", None, "")
    where = LOCATION.findall(text)[-1:] or [f"{path}:{(line or 0) + 1}"]
    return f"{where[0]}: {sentence}"


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note what could not be collected."""
    if "/" in report.nodeid:
        _note(report)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what failed."""
    _note(report)


def pytest_sessionfinish() -> None:
    """Write it."""
    Path(os.environ[FILE]).write_text(json.dumps(_outcomes), encoding="utf-8")
