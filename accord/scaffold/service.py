"""The service as its interpreter sees it: a process of its own imports the app, and writes down what it has."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from accord.basics.text import one_line
from accord.errors import UsageError
from accord.scaffold.apps import App
from accord.scaffold.settings import HarmlessValues
from accord.scaffold.sources import Sources, import_roots, module_name

_PROBE = Path(__file__).with_name("probe.py")
_IMPORT_SECONDS = 60
_ATTEMPTS = 30
DEFAULT_BASE_URL = "http://test"
"""What `accord_base_url` is where nothing is set."""


@dataclass(frozen=True)
class Service:
    """An app that was imported."""

    app: App
    directory: Path
    root: Path
    """The directory that was on `sys.path`."""
    environment: dict[str, str]
    """The settings that were missing, with the values that it was imported with."""
    found: Mapping[str, Any]
    """What the probe wrote down."""
    needs_path: bool = False
    """Whether it is imported from there alone, and not from where it is installed, or from the project's directory."""

    @property
    def module(self) -> str:
        """The name by which the app's module is imported."""
        return module_name(self.app.source.path, self.root) or ""

    @property
    def base_url(self) -> str:
        """The address at which it may be asked."""
        return str(self.found["base_url"] or DEFAULT_BASE_URL)

    @property
    def document(self) -> Mapping[str, Any]:
        """Its OpenAPI document."""
        document: Mapping[str, Any] = self.found["document"]
        return document

    @property
    def title(self) -> str:
        """Its title, as its document has it."""
        return str(self.found["title"])


class _ImportFailedError(Exception):
    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["text"])
        self.error = error


def import_service(app: App, sources: Sources, preferred: Sequence[Path]) -> Service | None:
    """Import the app in a process of its own, from the first directory where that works; None if it is no FastAPI app.

    Settings that are missing are given harmless values. Raises UsageError where the app cannot be imported.
    """
    directory, failed = sources.directory, list[_ImportFailedError]()
    if not (roots := import_roots(app.source, directory, list(preferred))):
        raise UsageError(
            f"{app.source.below(directory)} has a FastAPI app, and no name by which Python imports it: rename the file."
        )
    own = {Path(part).stem for path in sources.paths for part in path.relative_to(directory).parts}
    for root in roots:
        try:
            return _imported(app, directory, root)
        except _ImportFailedError as error:
            failed.append(error)
            # Of a module that is not the project's, another directory has no more.
            if str(error.error["module"]).partition(".")[0] not in own:
                break
    raise UsageError(_sentence(app, directory, _furthest(failed)))


def _furthest(failed: Sequence[_ImportFailedError]) -> Mapping[str, Any]:
    """Return the error that came furthest: one in the project's own code, rather than of finding it."""
    return next((it.error for it in failed if it.error["type"] != "ModuleNotFoundError"), failed[0].error)


def _imported(app: App, directory: Path, root: Path) -> Service | None:
    values = HarmlessValues(*dict.fromkeys((root, directory)))
    environment, tried = dict[str, str](), dict[str, set[str]]()
    first: Mapping[str, Any] | None = None
    for _attempt in range(_ATTEMPTS):
        found = _probed(app, directory, root, environment)
        if "kind" in found:
            return None
        if "error" not in found:
            service = Service(app, directory, root, environment, found)
            return service if root == directory else replace(service, needs_path=_needs_path(service))
        first = first or found["error"]
        missing = {it["name"]: it for it in found["error"]["settings"] if it["name"] not in os.environ}
        next_ones = {name: values.value(it, tried.setdefault(name, set())) for name, it in missing.items()}
        given = {name: value for name, value in next_ones.items() if value is not None}
        for name, value in given.items():
            tried[name].add(value)
        if not given and environment and values.forget_examples():
            environment, tried = {}, {}
        elif not given:
            break
        environment |= given
    # Where it was guessed that a setting is missing, the guess did not help.
    raise _ImportFailedError(first if first and first["is_guessed"] else found["error"])


def _needs_path(service: Service) -> bool:
    found = _probed(service.app, service.directory, service.root, service.environment, path=[service.directory])
    return bool(found.get("file") != service.found["file"])


def _probed(
    app: App, directory: Path, root: Path, environment: Mapping[str, str], path: Sequence[Path] | None = None
) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory(prefix="accord-") as scratch:
        answer = Path(scratch, "answer.json")
        request = {
            "directory": str(directory),
            "path": [str(it) for it in path or dict.fromkeys((root, directory))],
            "module": module_name(app.source.path, root),
            "name": app.name,
            "is_factory": app.is_factory,
            "environment": dict(environment),
            "answer": str(answer),
        }
        try:
            # Not into a pipe, which a process that the app starts would keep open.
            with Path(scratch, "output").open("wb") as output:
                ended = subprocess.run(
                    [sys.executable, "-P", _PROBE, json.dumps(request)],
                    cwd=directory,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    timeout=_IMPORT_SECONDS,
                    check=False,
                )
        except subprocess.TimeoutExpired:
            raise UsageError(
                f"The import of {app.location(directory)} has not ended after {_IMPORT_SECONDS} seconds: see what it "
                "waits for, such as a connection that is opened at import."
            ) from None
        try:
            found: Mapping[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            said = Path(scratch, "output").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise UsageError(
                f"The import of {app.location(directory)} ended the process (exit {ended.returncode}"
                f"{one_line(': ' + said[-1]) if said else ''})."
            ) from None
    return found


def _sentence(app: App, directory: Path, error: Mapping[str, Any]) -> str:
    place = f"{error['file']}:{error['line']}" if error["file"] else app.location(directory)
    missing = error.get("module")
    if error["type"] == "ModuleNotFoundError" and missing == "fastapi":
        return f"FastAPI is not installed for {sys.executable}: run `accord init` with the project's own interpreter."
    what = f"{error['type']}: {error['text']}" if error["text"] else error["type"]
    version = ".".join(map(str, sys.version_info[:2]))
    hint = "correct that, and run `accord init` again"
    if error["type"] == "ModuleNotFoundError":
        hint = f"install what has {missing}, or run `accord init` with the project's own interpreter"
    elif error["type"] == "SyntaxError":
        hint = f"correct that, or run `accord init` with the Python that it is written for; this is {version}"
    elif error["settings"] and not error["is_guessed"]:
        names = ", ".join(dict.fromkeys(it["name"] for it in error["settings"]))
        hint = f"set {names} in the environment, and run `accord init` again"
    return one_line(f"The app cannot be imported: {place}: {what}: {hint}.")
