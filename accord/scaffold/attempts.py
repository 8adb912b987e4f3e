"""The ways in which a suite can be set up, and the first of them that works."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from accord.database import migrations
from accord.errors import UsageError
from accord.scaffold import trial
from accord.scaffold.service import Service
from accord.scaffold.sources import Sources
from accord.scaffold.suite import Schema, Suite, quoted, remove, write
from accord.scaffold.wording import Outcome, Promise, Question

NO_TABLES = "none are found"
_TO_DO = "Nothing is written: correct that, or start what the service needs, and run `accord init` again."


def _schemas(service: Service, sources: Sources) -> Iterator[tuple[str, Schema | None]]:
    """Yield the ways in which the tables can be made, and how people call them; the best first."""
    directory = service.directory
    has_revisions, is_one = _has_revisions(sources), True
    try:
        file = migrations.find(directory)
    except UsageError:  # Of several, the one beside the app's package.
        file, is_one = service.root / "alembic.ini", False
    if file is not None and has_revisions and file.exists():
        name = file.relative_to(directory).as_posix()
        yield f"Alembic, {name}", None if is_one else Schema(f"accord.migrations({quoted(name)})")
    by_size = sorted(service.found["metadata"], key=lambda it: -len(it["tables"]))
    for found in by_size[:1]:
        name = f"{found['name']}.metadata" if found["is_base"] else found["name"]
        yield (
            f"{found['module']}: {name}, {_counted(found['tables'])}",
            Schema(f"accord.tables({name})", (found["module"], found["name"])),
        )
    if not by_size and (file is None or not has_revisions):
        yield NO_TABLES, None


def _counted(tables: Sequence[str]) -> str:
    return f"{len(tables)} table{'s' * (len(tables) != 1)}"


def _has_revisions(sources: Sources) -> bool:
    """Whether there are revisions of Alembic: templates often come without."""
    return any(path.parent.name == "versions" for path in sources.paths if path.name != "__init__.py")


@dataclass(frozen=True)
class Tried:
    """A suite that works, and what the app answered."""

    suite: Suite
    schema: str
    anyone: list[tuple[Question, Outcome]]
    signed_in: list[tuple[Question, Outcome]]
    failed: str | None
    """Why the first way to set it up did not work, if it did not."""


def first_that_works(suite: Suite, asked: Sequence[Question], sources: Sources) -> Tried:
    """Return the suite in the first way in which the questions are answered. Raises UsageError where there is none."""
    reason = None
    for schema_name, schema in _schemas(suite.service, sources):
        for without_startup in (False, True):
            attempt = replace(suite, schema=schema, without_startup=without_startup)
            answers = _asked(attempt, asked)
            if answers.anyone:
                signed_in = [it for it in _paired(asked, answers.signed_in) if it[0].is_secured]
                if not any(outcome.status not in (401, 403) and outcome.status < 500 for _, outcome in signed_in):
                    attempt = replace(attempt, account=None)
                return Tried(attempt, schema_name, _paired(asked, answers.anyone), signed_in, reason)
            reason = reason or answers.result.reason
            if "startup" not in (answers.result.reason or ""):
                break
    why = (reason or "no request was answered").rstrip(".")
    raise UsageError(f"The app does not work in a test: {why}. {_TO_DO}")


def _paired(asked: Sequence[Question], answers: Sequence[Outcome | None]) -> list[tuple[Question, Outcome]]:
    return [(question, outcome) for question, outcome in zip(asked, answers, strict=False) if outcome is not None]


def _asked(suite: Suite, asked: Sequence[Question]) -> trial.Answers:
    """Ask the questions with a conftest in a directory of its own, which is gone afterwards."""
    directory = suite.service.directory
    with _beside(directory) as folder, tempfile.TemporaryDirectory(prefix="accord-") as scratch:
        (folder / "conftest.py").write_text(suite.trial_conftest(), encoding="utf-8")
        signing_in = suite.signing_in() + trial.TEST_SIGNED_IN if suite.account else ""
        (folder / "test_trial.py").write_text(trial.TEST + signing_in, encoding="utf-8")
        # One answer that takes long is not the end of all.
        settings = {"accord_base_url": suite.service.base_url, "accord_timeout": "0"}
        overriding = [f"--override-ini={name}={value}" for name, value in settings.items()]
        return trial.answers(asked, [str(folder / "test_trial.py"), *overriding], Path(scratch), directory)


@contextmanager
def _beside(directory: Path) -> Iterator[Path]:
    folder = directory / f".accord-{os.getpid()}-{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def written(suite: Suite, found: Sequence[Promise], failed: str | None) -> tuple[Promise, list[Path], int]:
    """Write the first promise that its scenario keeps, and return it with the paths, and what pytest exited with."""
    reason = failed
    for promise in found[:3]:
        files = suite.files(promise)
        feature = next(path for path in files if path.suffix == ".feature")
        made, result = write(files), None
        try:
            with tempfile.TemporaryDirectory(prefix="accord-") as scratch:
                result = trial.run([str(feature)], Path(scratch), suite.service.directory)
        finally:
            has_passed = result is not None and result.passed and result.reason is None
            if not has_passed:
                remove(made)
        if has_passed:
            return promise, list(files), result.code
        reason = reason or result.reason
    why = (reason or "no operation can be used without knowing more than its document says").rstrip(".")
    raise UsageError(f"No feature is found that passes: {why}. {_TO_DO}")
