"""A project of someone who uses Accord, in a directory of its own."""

import os
import shutil
from pathlib import Path
from textwrap import dedent, indent

import pytest

# Imported here, once: a run in this process forgets what it was the first to import, as SQLAlchemy is not made for.
import accord.contract.check
import accord.isolation.prepared
import accord.isolation.sandbox
import accord.isolation.scenario_session
import accord.isolation.transport
import accord.recording.exchanges  # noqa: F401
from accord.basics.filenames import HISTORY, MESSAGES, PAGE, REQUIREMENTS, SUMMARY

# Programs of more than a few lines, as files: to be read, linted and run by hand. They share this configuration.
PROJECTS = Path(__file__).parents[1] / "projects"
PUBLISHED = {PAGE, SUMMARY, REQUIREMENTS, MESSAGES, HISTORY}
"""The files that a run leaves in the directory of its documents."""
SETTINGS = PROJECTS.joinpath("pytest.ini").read_text(encoding="utf-8")
PUBLISHING = SETTINGS.replace(" --accord-docs=", "")

IMPORTS = """
import asyncio
import functools
import signal
from contextvars import ContextVar

import pytest
from pytest_bdd import given, parsers, step, then, when
"""


def copy_program(name: str, path: Path) -> None:
    """Copy one of the programs in tests/projects into a directory."""
    shutil.copytree(PROJECTS / name, path, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)


class Project:
    """Features, their steps, and the ways to run them."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        self.settings(SETTINGS)

    def settings(self, text: str) -> None:
        """Write the pytest configuration."""
        self.path.joinpath("pytest.ini").write_text(text, encoding="utf-8")

    def copy(self, name: str) -> None:
        """Copy one of the programs in tests/projects."""
        copy_program(name, self.path)

    def change(self, path: str, old: str, new: str) -> None:
        """Put something else in the place of a text that a file has."""
        file = self.path / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def feature(self, text: str, path: str = "it.feature") -> Path:
        """Write a feature file; its first line is the one after the opening quotes."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).removeprefix("\n"), encoding="utf-8")
        return file

    def scenario(self, *sentences: str) -> None:
        """Write a feature of one scenario, whose first sentence stands in line 3."""
        self.feature("Feature: It\n  Scenario: One\n" + indent("\n".join(sentences), "    "))

    def steps(self, text: str) -> None:
        """Write the step definitions, with the imports that they use."""
        self.path.joinpath("conftest.py").write_text(IMPORTS + dedent(text), encoding="utf-8")

    def more_steps(self, text: str) -> None:
        """Add step definitions to those that are there."""
        with self.path.joinpath("conftest.py").open("a", encoding="utf-8") as conftest:
            conftest.write(IMPORTS + dedent(text))

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in this process."""
        return self.pytester.runpytest_inprocess(*arguments)

    def run_process(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in a process of its own."""
        return self.pytester.runpytest_subprocess(*arguments)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> Project:
    """A project that uses Accord; its runs know nothing of the database of this one.

    Plugins that this repository's own run leaves out are left out there as well; `-p NAME` has one take part.
    """
    left_out = [option for option in pytestconfig.getini("addopts") if option.startswith("-pno:")]
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(left_out))
    for name in ("ACCORD_DATABASE_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return Project(pytester)


@pytest.fixture
def publishing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project publishes its runs, as it does by default, and not as part of the job of CI that tests it."""
    project.settings(PUBLISHING)
    for name in [name for name in os.environ if name.startswith("GITHUB_")]:
        monkeypatch.delenv(name)
