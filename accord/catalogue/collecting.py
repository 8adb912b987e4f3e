"""Collects a project as a run does, in a process of its own in which nothing runs, and reads what was found there.

That process has the plugin of `collector.py` beside the project's own.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accord.catalogue.finding import Finding
from accord.catalogue.sentences import Sentence, from_json

FILE = "ACCORD_CHECK"
"""The variable with the name of the file into which the plugin writes."""
OPTIONS = ("--collect-only", "-q", "--accord-docs=")
# pytest's exit codes for a run that had nothing to complain of: OK, and no tests collected.
_FINE = (0, 5)


@dataclass
class Collected:
    """What a project's features and step definitions are, and what is wrong with them."""

    root: str = ""
    """The directory below which files are named."""
    files: int = 0
    findings: list[Finding] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    problem: str = ""
    """What pytest says where it cannot collect the files."""

    @property
    def errors(self) -> int:
        """How many of the findings are errors."""
        return sum(finding.is_error for finding in self.findings)


def collect(paths: Sequence[str], directory: Path | None = None) -> Collected:
    """Collect the feature files of these paths, or of the project's test paths, with the project's own settings.

    The project is the one in the directory, or in the current one.

    Conftests are loaded, since they have step definitions, and may say which tags are known; so are Python modules,
    which may bind features.
    """
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, "collected.json")
        command = [sys.executable, "-m", "pytest", "-p", "accord.catalogue.collector", *OPTIONS, "--", *paths]
        run = subprocess.run(
            command, env={**os.environ, FILE: str(file)}, cwd=directory, capture_output=True, check=False
        )
        collected = _read(json.loads(file.read_bytes())) if file.exists() else Collected()
    if run.returncode not in _FINE:
        collected.problem = (run.stdout + run.stderr).decode(errors="replace").strip()
    return collected


def _read(written: dict[str, Any]) -> Collected:
    findings = [Finding(**finding) for finding in written.pop("findings")]
    sentences = [from_json(sentence) for sentence in written.pop("sentences")]
    return Collected(**written, findings=findings, sentences=sentences)
