"""`accord init`: what a project has is found, what fits it is tried, and what passes is written."""

import importlib.util
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from accord.database import migrations
from accord.errors import UsageError
from accord.scaffold import trial
from accord.scaffold.accounts import account
from accord.scaffold.apps import App, find_app
from accord.scaffold.pytest_settings import PytestSettings, pytest_settings
from accord.scaffold.service import DEFAULT_BASE_URL, Service, import_service
from accord.scaffold.sources import Sources, parsed
from accord.scaffold.suite import Layout, Schema, Suite, quoted, remove, write
from accord.scaffold.wording import Outcome, Promise, Question, promises, questions

_MOST_QUESTIONS = 24
NO_TABLES = "none are found"


@dataclass(frozen=True)
class Report:
    """What was found and written, and what is next: lines for people."""

    found: list[tuple[str, str]]
    written: list[str]
    following: list[str]

    def __str__(self) -> str:
        """Return it as the command prints it."""
        width = max(len(name) for name, _ in self.found) + 2
        return "\n".join(
            [
                "Found:",
                *(f"  {name:<{width}}{what}" for name, what in self.found),
                "Written:",
                *(f"  {path}" for path in self.written),
                "Next:",
                *(f"  - {sentence}" for sentence in self.following),
            ]
        )


def scaffold(directory: Path) -> Report:
    """Write a first suite for the service in a directory, and return what was found and done.

    Nothing that is there is overwritten, and what is written passes. Raises UsageError where it cannot be done, in a
    sentence that says why and what to do; nothing is written then. OSError where a file cannot be written.
    """
    directory = directory.resolve()
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory: name that of a FastAPI service.")
    features = _features_directory(directory)
    sources = Sources(directory)
    app, others = find_app(sources)
    if importlib.util.find_spec("fastapi") is None:
        raise UsageError(
            f"FastAPI is not installed for {sys.executable}: install Accord beside it, and run `accord init` there."
        )
    settings = pytest_settings(directory)
    service, others = _first_service([app, *others], sources, settings)
    has_address = service.base_url == DEFAULT_BASE_URL or settings.file is None
    suite = Suite(
        service,
        _layout(service, sources, settings, features),
        environment=service.environment,
        own_client=not has_address or _has_client(directory / "conftest.py"),
    )
    if not (asked := questions(service.document)[:_MOST_QUESTIONS]):
        raise UsageError(
            f"{service.app.location(directory)} has no operation that can be used without knowing more than its "
            "document says: write the first feature yourself, as the README shows."
        )
    if suite.layout.steps and service.found["sign_in"] and service.found["user"]:
        suite = replace(suite, account=account(service.found["user"]))
    trying = _tried(suite, asked)
    promise, written = _written(trying.suite, promises(trying.anyone, trying.signed_in))
    return _report(trying, promise, written, others, settings)


def _features_directory(directory: Path) -> str:
    """Return the name of the directory of features: another one where `features` has something else in it."""
    for name in ("features", "acceptance"):
        folder = directory / name
        if (feature := next(folder.rglob("*.feature"), None)) is not None:
            path = feature.relative_to(directory).as_posix()
            raise UsageError(
                f"There are features already, such as {path}: `accord init` begins a suite where there is none. "
                "Nothing is written."
            )
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return name
    raise UsageError(
        f"{directory} has both `features` and `acceptance`, with something else in them: nothing is written."
    )


def _first_service(apps: Sequence[App], sources: Sources, settings: PytestSettings) -> tuple[Service, list[App]]:
    """Return the first that is a FastAPI app once it is imported, and the others."""
    preferred = [sources.directory / path for path in settings.paths("pythonpath")]
    for app in apps:
        if (service := import_service(app, sources, preferred)) is not None:
            return service, [it for it in apps if it != app]
    raise UsageError(
        f"{apps[0].location(sources.directory)} looked like a FastAPI app, and is none once it is imported."
    )


def _layout(service: Service, sources: Sources, settings: PytestSettings, features: str) -> Layout:
    directory = sources.directory
    is_alone = not (directory / "conftest.py").exists() and not _is_set_by_tests(service.environment, sources)
    steps = next((name for name in ("steps", "acceptance_steps") if _is_free(directory, name)), None)
    if is_alone and steps is None:
        raise UsageError(f"{directory} has both `steps` and `acceptance_steps`: nothing is written.")
    configured = {(directory / path).resolve() for path in settings.paths("pythonpath")}
    # pytest puts the directory of a conftest on sys.path, unless it is in a package.
    brings_root = (is_alone or (directory / "conftest.py").exists()) and not (directory / "__init__.py").exists()
    if settings.imports_by_path:
        brings_root = False
    needed = [directory] if is_alone or service.root == directory else []
    needed += [service.root] if service.root != directory and service.needs_path else []
    missing = [root for root in needed if root not in configured and not (root == directory and brings_root)]
    layout = Layout(directory, features, steps if is_alone else None)
    if settings.file is None:
        paths = " ".join(root.relative_to(directory).as_posix() for root in missing)
        wanted = {"pythonpath": paths, "accord_base_url": service.found["base_url"]}
        return replace(layout, settings={name: value for name, value in wanted.items() if value})
    here = "Path(__file__).parent" if is_alone else "Path(__file__).parents[1]"
    return replace(
        layout,
        paths=[
            f"str({here})" if root == directory else f"str({here} / {quoted(root.relative_to(directory).as_posix())})"
            for root in missing
        ],
    )


def _has_client(conftest: Path) -> bool:
    """Whether a conftest has a fixture `client`, which would stand in the place of Accord's."""
    try:
        tree = parsed(conftest.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(getattr(node, "name", None) == "client" for node in tree.body)


def _is_free(directory: Path, name: str) -> bool:
    return not (directory / name).exists() and not (directory / f"{name}.py").exists()


def _is_set_by_tests(environment: Mapping[str, str], sources: Sources) -> bool:
    """Whether tests of the project's own set one of these, so that a conftest above them could be in their way."""
    for path in sources.of_tests if environment else ():
        with suppress(OSError):
            text = path.read_text(encoding="utf-8", errors="replace")
            if any(f'"{name}"' in text or f"'{name}'" in text for name in environment):
                return True
    return False


def _schemas(service: Service) -> Iterator[tuple[str, Schema | None]]:
    """Yield the ways in which the tables can be made, and how people call them; the best first."""
    directory = service.directory
    try:
        file = migrations.find(directory)
    except UsageError:  # Of several, the one beside the app's package.
        file = next((it for it in (service.root / "alembic.ini",) if it.exists()), None)
    if file is not None and _has_revisions(file):
        name = file.relative_to(directory).as_posix()
        yield f"Alembic, {name}", None
    by_size = sorted(service.found["metadata"], key=lambda it: -len(it["tables"]))
    for found in by_size[:1]:
        name = f"{found['name']}.metadata" if found["is_base"] else found["name"]
        yield (
            f"{found['module']}: {name}, {len(found['tables'])} tables",
            Schema(f"accord.tables({name})", (found["module"], found["name"])),
        )
    if not by_size and (file is None or not _has_revisions(file)):
        yield NO_TABLES, None


def _has_revisions(file: Path) -> bool:
    """Whether there are revisions near Alembic's configuration: templates often have none."""
    return any(
        path.parent.name == "versions" for path in file.parent.rglob("versions/*.py") if path.name != "__init__.py"
    )


@dataclass(frozen=True)
class _Tried:
    """A suite that works, and what the app answered."""

    suite: Suite
    schema: str
    anyone: list[tuple[Question, Outcome]]
    signed_in: list[tuple[Question, Outcome]]
    failed: str | None
    """Why the first way to set it up did not work, if it did not."""


def _tried(suite: Suite, asked: Sequence[Question]) -> _Tried:
    """Return the suite in the first way in which the questions are answered. Raises UsageError where there is none."""
    reason = None
    for schema_name, schema in _schemas(suite.service):
        for without_startup in (False, True):
            attempt = replace(suite, schema=schema, without_startup=without_startup)
            answers = _asked(attempt, asked)
            if answers.anyone:
                signed_in = [it for it in _paired(asked, answers.signed_in) if it[0].is_secured]
                if not any(outcome.status not in (401, 403) and outcome.status < 500 for _, outcome in signed_in):
                    attempt = replace(attempt, account=None)
                return _Tried(attempt, schema_name, _paired(asked, answers.anyone), signed_in, reason)
            reason = reason or answers.result.reason
            if "startup" not in (answers.result.reason or ""):
                break
    why = (reason or "no request was answered").rstrip(".")
    raise UsageError(f"The app does not work in a test: {why}. Nothing is written.")


def _paired(asked: Sequence[Question], answers: Sequence[Outcome | None]) -> list[tuple[Question, Outcome]]:
    return [(question, outcome) for question, outcome in zip(asked, answers, strict=False) if outcome is not None]


def _asked(suite: Suite, asked: Sequence[Question]) -> trial.Answers:
    """Ask the questions with a conftest in a directory of its own, which is gone afterwards."""
    directory = suite.service.directory
    with _beside(directory) as folder, tempfile.TemporaryDirectory(prefix="accord-") as scratch:
        (folder / "conftest.py").write_text(suite.trial_conftest(), encoding="utf-8")
        signing_in = suite.signing_in() + trial.TEST_SIGNED_IN if suite.account else ""
        (folder / "test_trial.py").write_text(trial.TEST + signing_in, encoding="utf-8")
        address = f"--override-ini=accord_base_url={suite.service.base_url}"
        return trial.answers(asked, [str(folder / "test_trial.py"), address], Path(scratch), directory)


@contextmanager
def _beside(directory: Path) -> Iterator[Path]:
    folder = directory / f".accord-{os.getpid()}-{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _written(suite: Suite, found: Sequence[Promise]) -> tuple[Promise, list[Path]]:
    """Write the first promise that its scenario keeps, and return it with the paths."""
    reason = None
    for promise in found[:3]:
        files = suite.files(promise)
        feature = next(path for path in files if path.suffix == ".feature")
        made, result = write(files), None
        try:
            with tempfile.TemporaryDirectory(prefix="accord-") as scratch:
                result = trial.run([str(feature)], Path(scratch), suite.service.directory)
        finally:
            if result is None or not result.passed:
                remove(made)
        if result.passed:
            return promise, list(files)
        reason = reason or result.reason
    raise UsageError(
        f"No feature is found that passes: {reason or 'no operation promised anything'}. Nothing is written."
    )


def _report(
    trying: _Tried, promise: Promise, written: Sequence[Path], others: Sequence[App], settings: PytestSettings
) -> Report:
    suite, service, directory = trying.suite, trying.suite.service, trying.suite.service.directory
    found = [
        ("app", f"{service.app.location(directory)}, `{service.app.name}`"),
        ("tables", trying.schema),
    ]
    if others:
        found.insert(1, ("not used", ", ".join(it.location(directory) for it in others[:5])))
    if suite.environment:
        found.append(("settings", f"{', '.join(suite.environment)}: needed at import"))
    found += [
        (name, f"{it['file']}:{it['line']}, `{it['name']}`")
        for name, key in (("sign in", "sign_in"), ("users", "user"))
        if (it := service.found[key])
    ]
    paths = [path.relative_to(directory).as_posix() for path in written]
    return Report(found, paths, list(_following(trying, promise, settings)))


def _following(trying: _Tried, promise: Promise, settings: PytestSettings) -> Iterator[str]:
    """Yield what is next, and what could not be done."""
    suite, directory = trying.suite, trying.suite.service.directory
    configuration = settings.file.name if settings.file else "pytest.ini"
    conftest = suite.layout.conftest.relative_to(directory).as_posix()
    yield (
        f"Run `pytest {suite.layout.features}`: it passes, and its document is living-docs/index.html. The scenario is "
        f'"{promise.scenario}"; write the next one beside it.'
    )
    if not suite.layout.steps:
        why = "There is a conftest.py" if (directory / "conftest.py").exists() else "The tests have settings"
        yield f"{why} already, so fixtures and steps are in {conftest}."
    if suite.without_startup:
        yield (
            f"The app's startup does not work here ({trying.failed}): once it does, remove `transport` from {conftest}."
        )
    elif trying.failed:
        yield f"The migrations do not work here ({trying.failed}), so that {conftest} makes the tables of the models."
    if trying.schema == NO_TABLES:
        yield f"If the service has tables, write a fixture `prepare_database` into {conftest}, which makes them."
    if suite.environment:
        yield f"See whether the values of {', '.join(suite.environment)} in {conftest} fit the next scenarios."
    if not suite.account and any(question.is_secured for question, _ in trying.anyone):
        yield "For scenarios of somebody who has signed in, write a fixture `auth_client`, as the README shows."
    for path in suite.layout.paths:
        yield f"{conftest} has {path} on sys.path: `pythonpath` in {configuration} would do as well."
    paths = settings.paths("testpaths")
    if paths and suite.layout.features not in paths and "." not in paths:
        yield f'Add "{suite.layout.features}" to testpaths in {configuration}, so that `pytest` alone runs both.'
