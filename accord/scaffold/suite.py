"""The files of a first suite: where they go, what stands in them, and that they are written all or not at all."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from accord.errors import UsageError
from accord.scaffold.service import Service
from accord.scaffold.wording import Promise, service_name

_LONGEST_LINE = 88
"""Ruff's, where nothing else is configured."""


@dataclass(frozen=True)
class Schema:
    """How the tables are made, where Alembic does not make them: what `prepare_database` returns, and its import."""

    expression: str
    imported: tuple[str, str] | None = None


@dataclass(frozen=True)
class Layout:
    """Where the files of the suite go. One that is beside a conftest of the project's has all in the features' own."""

    directory: Path
    features: str
    steps: str | None
    """The package of the step modules; None where the steps stand in the conftest."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the configuration of pytest has to say, where there is none yet."""
    paths: Sequence[str] = ()
    """What the conftest puts on `sys.path`, as expressions."""

    @property
    def conftest(self) -> Path:
        """The conftest that is written."""
        return self.directory / "conftest.py" if self.steps else self.directory / self.features / "conftest.py"


@dataclass(frozen=True)
class Account:
    """What the class of users is given for a new one, as source, and the imports that this takes."""

    arguments: Sequence[str]
    imports: Sequence[str] = ()


@dataclass(frozen=True)
class Suite:
    """What is written for a service."""

    service: Service
    layout: Layout
    schema: Schema | None = None
    without_startup: bool = False
    own_client: bool = False
    """Whether the client has to be written: the project's own conftest has one, or it needs another address."""
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    """Who signs in, where that is known."""

    def trial_conftest(self) -> str:
        """Return the conftest without any steps, as it is tried in a directory below the project's root."""
        # Below the root nothing brings that to sys.path, as a conftest in it would.
        paths = [quoted(str(path)) for path in dict.fromkeys((self.service.root, self.layout.directory))]
        return replace(self, layout=replace(self.layout, paths=paths))._conftest([], "")

    def signing_in(self) -> str:
        """Return the module with the fixtures `test_user` and `auth_client`; nothing where nobody can sign in."""
        if self.account is None:
            return ""
        found = self.service.found
        return _render(
            "signing_in.py",
            user=found["user"],
            sign_in=found["sign_in"],
            arguments=self.account.arguments,
            standard=self.account.imports,
        )

    def files(self, promise: Promise) -> dict[Path, str]:
        """Return the files and what stands in them."""
        layout, name = self.layout, promise.name
        features = layout.directory / layout.features
        # A name that was made up for the settings is not the service's.
        title = "" if self.service.title in self.environment.values() else self.service.title
        feature = _render("feature", promise=promise, user_of=service_name(title))
        found = {features / f"{name}.feature": feature}
        if layout.steps:
            package = layout.directory / layout.steps
            found[package / "__init__.py"] = '"""How each sentence of the features is carried out."""\n'
            found[package / f"{name}.py"] = _steps(promise, is_module=True)
            modules = [f"{layout.steps}.{name}"]
            if self.account:
                modules.append(f"{layout.steps}.signing_in")
                found[package / "signing_in.py"] = self.signing_in()
            found[layout.conftest] = self._conftest(sorted(modules), "")
        else:
            found[layout.conftest] = self._conftest([], _steps(promise, is_module=False))
        if layout.settings:
            lines = ["[pytest]", *(f"{name} = {value}" for name, value in layout.settings.items())]
            found[layout.directory / "pytest.ini"] = "\n".join([*lines, ""])
        return found

    def _conftest(self, modules: Sequence[str], steps: str) -> str:
        return _render(
            "conftest.py",
            imports=self._imports(has_steps=bool(steps)),
            modules=modules,
            steps=steps,
            paths=self.layout.paths,
            environment=self.environment,
            service=self.service,
            schema=self.schema,
            without_startup=self.without_startup,
            own_client=self.own_client,
        )

    def _imports(self, *, has_steps: bool) -> list[str]:
        """Return the imports of the conftest, in isort's order."""
        standard, others, own = list[str](), list[str](), list[str]()
        if self.environment:
            standard.append("import os")
        if self.layout.paths:
            standard.append("import sys")
        if any("Path(" in path for path in self.layout.paths):
            standard.append("from pathlib import Path")
        if self.own_client:
            standard.append("from collections.abc import AsyncIterator")
        if self.schema or self.without_startup:
            others.append("import accord")
        if has_steps or self.without_startup or self.own_client:
            others.append("import httpx")
        others.append("import pytest")
        if self.own_client:
            others.append("import pytest_asyncio")
        others.append("from fastapi import FastAPI")
        if has_steps:
            others.append("from pytest_bdd import then, when")
        blocks = [sorted(block, key=lambda line: (line.startswith("from"), line)) for block in (standard, others, own)]
        return [line for block in blocks if block for line in (*block, "")][:-1]


def write(files: Mapping[Path, str]) -> list[Path]:
    """Write new files, all of them or none, and return what was made, directories too, in this order.

    Raises UsageError where one is there already, and OSError.
    """
    made: list[Path] = []
    try:
        for path, content in files.items():
            for folder in [*reversed(path.parents)]:
                if not folder.exists():
                    folder.mkdir()
                    made.append(folder)
            try:
                with path.open("x", encoding="utf-8", newline="\n") as file:
                    made.append(path)
                    file.write(content)
            except FileExistsError:
                raise UsageError(f"{path} is there already: nothing is written.") from None
    except BaseException:
        remove(made)
        raise
    return made


def remove(paths: Iterable[Path]) -> None:
    """Remove what was made, in this order; a directory that has something else in it by now stays."""
    for path in reversed([*paths]):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()


def quoted(text: str) -> str:
    """Return the literal of a text, as ruff writes it."""
    literal = json.dumps(text, ensure_ascii=not text.isprintable())
    # With fewer backslashes.
    return repr(text) if '"' in text and "'" not in text else literal


def call(function: str, arguments: Sequence[str]) -> str:
    """Return a call, on a line of its own an argument if it is too long for one."""
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= _LONGEST_LINE:
        return line
    return "\n".join([f"{function}(", *(f"    {argument}," for argument in arguments), ")"])


def import_from(module: str, name: str) -> str:
    """Return an import for the body of a function."""
    line = f"from {module} import {name}"
    return line if len(line) + 4 <= _LONGEST_LINE else f"from {module} import (\n    {name},\n)"


def _steps(promise: Promise, *, is_module: bool) -> str:
    name = promise.name
    then_name = {"I am asked to sign in": "asked_to_sign_in", "it is up": "is_up"}.get(promise.then, f"get_{name}")
    return _render(
        "steps.py",
        promise=promise,
        name=name,
        then_name=then_name,
        expectation=_expectation(promise),
        is_module=is_module,
    )


def _expectation(promise: Promise) -> str | None:
    """Return what the body is expected to be, beside the status."""
    body = promise.outcome.body
    if promise.outcome.status >= 400:
        return None
    if isinstance(body, list):
        return "isinstance(response.json(), list)"
    if promise.key is not None:
        return f"{quoted(promise.key)} in response.json()"
    if body is True:
        return "response.json() is True"
    return "response.text" if body and isinstance(body, str) else None


def _render(template: str, **values: object) -> str:
    environment = Environment(
        loader=PackageLoader("accord.scaffold"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,
    )
    environment.filters["quoted"] = quoted
    environment.globals.update(call=call, import_from=import_from)
    return environment.get_template(f"{template}.jinja").render(**values).rstrip("\n") + "\n"
