"""Checks feature files as a run does, in a process of its own in which nothing runs; there, it is a pytest plugin."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

FILE = "ACCORD_CHECK"
OPTIONS = ("--collect-only", "-q", "--accord-docs=")


@dataclass
class Checked:
    """What is wrong with the feature files of a project."""

    files: int = 0
    faults: list[str] = field(default_factory=list)
    undefined: list[str] = field(default_factory=list)
    """The steps that have no definition, unless their scenarios are expected to fail."""
    notices: list[str] = field(default_factory=list)
    problem: str = ""
    """What pytest says where it cannot collect the files."""


def check(paths: Sequence[str]) -> Checked:
    """Check the feature files of these paths, or of the project's test paths, with the project's own settings.

    Conftests are loaded, since they may say which tags are known, and which features Python modules bind.
    """
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "checked.json")
        command = [sys.executable, "-m", "pytest", "-p", __name__, *OPTIONS, "--", *paths]
        run = subprocess.run(command, env={**os.environ, FILE: str(file)}, capture_output=True, check=False)
        checked = Checked(**json.loads(file.read_bytes())) if file.exists() else Checked()
    if run.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        checked.problem = (run.stdout + run.stderr).decode(errors="replace").strip()
    return checked


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write down what is wrong."""
    # Loaded here, so that pytest can rewrite the assertions of pytest-bdd, which they load.
    from accord.gherkin.ahead import is_expected_to_fail
    from accord.gherkin.binding import BOUND
    from accord.gherkin.collector import FeatureFile
    from accord.gherkin.item import FaultyPart, FaultyScenario
    from accord.gherkin.passed_over import PASSED_OVER
    from accord.steps.undefined import UNDEFINED

    stash = session.config.stash
    if BOUND not in stash:  # The run leaves feature files alone, by `-p no:accord.gherkin`.
        return
    found = set(stash[BOUND].faults())
    for item in session.items:
        if isinstance(item, FaultyPart | FaultyScenario):
            found.update((item.nodeid.partition("::")[0], fault) for fault in item.faults)
    files = {item.nodeid.partition("::")[0] for item in session.items if item.getparent(FeatureFile) is not None}
    # By file and line: the items may be in another order, as pytest-randomly has them.
    faults = [f"{uri}:{fault.line}: {fault}" for uri, fault in sorted(found)]
    undefined: list[str] = []
    for item in session.items if UNDEFINED in stash else ():
        # What breaks a rule is to be mended first.
        if not isinstance(item, FaultyPart | FaultyScenario) and not is_expected_to_fail(item):
            undefined += stash[UNDEFINED].note(item)
    checked = Checked(
        len(files | {uri for uri, _ in found}),
        faults,
        list(dict.fromkeys(undefined)),
        list(stash[PASSED_OVER].notices(session)),
    )
    Path(os.environ[FILE]).write_text(json.dumps(asdict(checked)), encoding="utf-8")
