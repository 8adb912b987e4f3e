"""A run of pytest that tries what is to be written: this module is its plugin, and writes down how it went."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from accord.basics.text import one_line
from accord.compat.xdist import worker_of
from accord.errors import UsageError
from accord.scaffold.wording import Outcome, Question

DIRECTORY = "ACCORD_TRIAL"
"""The variable of the environment that says where the run writes."""
_QUESTIONS, _RESULT, _OUTPUT = "questions.json", "result.json", "output"
ANSWERS, SIGNED_IN = "answers.json", "signed_in.json"
"""What two tests write: the answers that anyone got, and those that somebody got who has signed in."""
_RUN_SECONDS = 300
_LONGEST_BODY = 100_000
_ANSWER_SECONDS = 5

TEST = """
import pytest

from accord.scaffold import trial


@pytest.mark.asyncio
async def test_questions(client):
    await trial.ask(client, trial.ANSWERS)
"""
"""A test that asks all questions, with the fixtures of the conftest beside it."""
TEST_SIGNED_IN = """

@pytest.mark.asyncio
async def test_signed_in(auth_client):
    await trial.ask(auth_client, trial.SIGNED_IN)
"""


@dataclass(frozen=True)
class Result:
    """How a run ended: how many tests passed, and, if one did not or the run stopped, why."""

    passed: int
    reason: str | None
    code: int = 0
    """What pytest exited with."""


@dataclass(frozen=True)
class Answers:
    """What the app answered to each question; None for one that ended in an error. Nothing if it was not even asked."""

    anyone: Sequence[Outcome | None]
    signed_in: Sequence[Outcome | None]
    result: Result


def answers(questions: Sequence[Question], arguments: Sequence[str], scratch: Path, root: Path) -> Answers:
    """Run pytest with these arguments, for the tests that ask these questions, and return the answers."""
    (scratch / _QUESTIONS).write_text(json.dumps([asdict(it) for it in questions]), encoding="utf-8")
    result = run([*arguments, f"--rootdir={root}"], scratch, root)
    return Answers(_read(scratch / ANSWERS), _read(scratch / SIGNED_IN), result)


def _read(file: Path) -> list[Outcome | None]:
    if not file.exists():
        return []
    return [Outcome(**it) if it else None for it in json.loads(file.read_text(encoding="utf-8"))]


def run(arguments: Sequence[str], scratch: Path, root: Path) -> Result:
    """Run pytest in a process of its own, as the command `pytest` would there, without publishing anything.

    Raises UsageError if it has not ended after 300 seconds.
    """
    # -P: like the command `pytest`, and unlike `python -m pytest`, it does not have the directory on sys.path.
    command = [sys.executable, "-P", "-m", "pytest", "-p", __name__, "-p", "no:cacheprovider", "--accord-docs="]
    leaving_nothing = {"PYTHONDONTWRITEBYTECODE": "1", "COVERAGE_FILE": str(scratch / ".coverage")}
    try:
        # Not into a pipe, which a process that the app starts would keep open.
        with (scratch / _OUTPUT).open("wb") as output:
            ended = subprocess.run(
                [*command, *arguments],
                cwd=root,
                env={**os.environ, **leaving_nothing, DIRECTORY: str(scratch)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_RUN_SECONDS,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"The service was tried with pytest, which has not ended after {_RUN_SECONDS} seconds."
        ) from None
    try:
        return Result(**json.loads((scratch / _RESULT).read_text(encoding="utf-8")), code=ended.returncode)
    except (OSError, ValueError):
        said = (scratch / _OUTPUT).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        errors = [line for line in said if line.startswith(("E  ", "ERROR", "Exit"))] or said[-1:]
        return Result(0, one_line(errors[-1].removeprefix("E ")) if errors else "pytest ended without a word", 1)


async def ask(client: httpx.AsyncClient, file: str) -> None:
    """Ask the questions that are in the directory, and write the answers into a file there."""
    directory = Path(os.environ[DIRECTORY])
    found: list[dict[str, Any] | None] = []
    for question in json.loads((directory / _QUESTIONS).read_text(encoding="utf-8")):
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                response = await client.request(question["method"], question["path"])
        except Exception:  # One that breaks, or is a stream without an end, is not written about.
            found.append(None)
        else:
            found.append({"status": response.status_code, "body": _body(response)})
        # Each at once, should the next one break the run.
        (directory / file).write_text(json.dumps(found), encoding="utf-8")


def _body(response: httpx.Response) -> Any:
    if len(response.content) > _LONGEST_BODY:
        return ""
    try:
        return response.json()
    except ValueError:
        return response.text


class _Noted:
    passed = 0
    reason: str | None = None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a test ended."""
    if report.when == "call" and report.passed:
        _Noted.passed += 1
    elif report.failed and _Noted.reason is None:
        crash = getattr(report.longrepr, "reprcrash", None)
        # What is text is a sentence, maybe with a stack below it.
        reason = crash.message if crash else report.longreprtext.strip().partition("\n")[0]
        _Noted.reason = one_line(reason.removeprefix("accord.errors."))


def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Note why the run stopped."""
    _Noted.reason = _Noted.reason or one_line(str(excinfo.value))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note what could not be collected."""
    if report.failed and _Noted.reason is None:
        _Noted.reason = one_line(report.longreprtext.strip().splitlines()[-1])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write down how the run went."""
    if worker_of(session.config) is None:
        content = json.dumps({"passed": _Noted.passed, "reason": _Noted.reason})
        Path(os.environ[DIRECTORY], _RESULT).write_text(content, encoding="utf-8")
