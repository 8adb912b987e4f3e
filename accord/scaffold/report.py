"""What was found and done, in lines for people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from accord.scaffold.apps import App
from accord.scaffold.attempts import NO_TABLES, Tried
from accord.scaffold.pytest_settings import PytestSettings
from accord.scaffold.wording import Promise


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


def report(
    trying: Tried,
    promise: Promise,
    written: Sequence[Path],
    code: int,
    others: Sequence[App],
    settings: PytestSettings,
) -> Report:
    """Return what was found, what was written, and what is next, with what could not be done."""
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
    return Report(found, paths, list(_following(trying, promise, code, settings)))


def _following(trying: Tried, promise: Promise, code: int, settings: PytestSettings) -> Iterator[str]:
    """Yield what is next, and what could not be done."""
    suite, directory = trying.suite, trying.suite.service.directory
    configuration = settings.file.name if settings.file else "pytest.ini"
    conftest = suite.layout.conftest.relative_to(directory).as_posix()
    where = "" if directory == Path.cwd() else f" in {directory}"
    yield (
        f'Run `pytest {suite.layout.features}`{where}: "{promise.scenario}" passes, and living-docs/index.html is its '
        "document. Write the next scenario beside it."
    )
    if code:
        yield f"pytest itself exits with {code} all the same, by settings of the project's own, as for coverage."
    if not suite.layout.steps:
        has_conftest = (directory / "conftest.py").exists()
        why = "There is a conftest.py already" if has_conftest else "The tests look for these settings"
        yield f"{why}, so fixtures and steps are in {conftest}."
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
        depends = suite.service.found["sign_in"]
        how = f", which overrides {depends['name']} ({depends['file']}:{depends['line']})" if depends else ""
        yield f"For somebody who has signed in, write a fixture `auth_client`{how}: none could be found that works."
    for path in suite.layout.paths:
        yield f"{conftest} has {path} on sys.path: `pythonpath` in {configuration} would do as well."
    paths = settings.paths("testpaths")
    if paths and suite.layout.features not in paths and "." not in paths:
        yield f'Add "{suite.layout.features}" to testpaths in {configuration}, so that `pytest` alone runs both.'
    yield f"Run `accord init --editor`{where} if you use VS Code, which finds the step of a sentence then."
