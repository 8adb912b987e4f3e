"""`accord init`: what a project has is found, what fits it is tried, and what passes is written."""

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from accord.errors import UsageError
from accord.scaffold.accounts import account
from accord.scaffold.apps import App, find_app
from accord.scaffold.attempts import first_that_works, written
from accord.scaffold.layout import choose_layout, features_directory, has_client
from accord.scaffold.pytest_settings import PytestSettings, pytest_settings
from accord.scaffold.report import Report, report
from accord.scaffold.service import DEFAULT_BASE_URL, Service, import_service
from accord.scaffold.sources import Sources
from accord.scaffold.suite import Suite
from accord.scaffold.wording import promises, questions

_MOST_QUESTIONS = 24


def scaffold(directory: Path) -> Report:
    """Write a first suite for the service in a directory, and return what was found and done.

    Nothing that is there is overwritten, and what is written passes. Raises UsageError where it cannot be done, in a
    sentence that says why and what to do; nothing is written then. OSError where a file cannot be written.
    """
    directory = directory.resolve()
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory: name that of a FastAPI service.")
    features = features_directory(directory)
    sources = Sources(directory)
    app, others = find_app(sources)
    if importlib.util.find_spec("fastapi") is None:
        raise UsageError(
            f"FastAPI is not installed for {sys.executable}: install Accord beside it, and run `accord init` there."
        )
    settings = pytest_settings(directory)
    service, others = _first_service([app, *others], sources, settings)
    if address := settings.values.get("accord_base_url"):
        service = replace(service, found={**service.found, "base_url": str(address)})
    has_address = address or service.base_url == DEFAULT_BASE_URL or settings.file is None
    suite = Suite(
        service,
        choose_layout(service, sources, settings, features),
        environment=service.environment,
        own_client=not has_address or has_client(directory / "conftest.py"),
    )
    if not (asked := questions(service.document)[:_MOST_QUESTIONS]):
        raise UsageError(
            f"{service.app.location(directory)} has no operation that can be used without knowing more than its "
            "document says: write the first feature yourself, as the README shows."
        )
    if suite.layout.steps and service.found["sign_in"] and service.found["user"]:
        suite = replace(suite, account=account(service.found["user"]))
    trying = first_that_works(suite, asked, sources)
    promise, paths, code = written(trying.suite, promises(trying.anyone, trying.signed_in), trying.failed)
    return report(trying, promise, paths, code, others, settings)


def _first_service(apps: Sequence[App], sources: Sources, settings: PytestSettings) -> tuple[Service, list[App]]:
    """Return the first that is a FastAPI app once it is imported, and the others."""
    preferred = [sources.directory / path for path in settings.paths("pythonpath")]
    for app in apps:
        if (service := import_service(app, sources, preferred)) is not None:
            return service, [it for it in apps if it != app]
    raise UsageError(
        f"{apps[0].location(sources.directory)} looked like a FastAPI app, and is none once it is imported."
    )
