"""Where a record comes from: what made it, on what, and by which command, for those who have to vouch for it.

The protocol's `meta` has a part of that, and is there once in a file, also in one that was merged. So each run attaches
all of it, as one JSON object: a name, and the values that it had.
"""

import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from accord.recording import ndjson
from accord.recording.commit import WorkingTree
from accord.recording.envelopes import Envelope
from accord.recording.redaction.redaction import Redaction

PROVENANCE = "application/x.accord.provenance+json"
"""Of the attachment of a run."""

Provenance = dict[str, list[str]]
"""What is known of a run.

That is `implementation`, `runtime`, `os`, `revision`, `database`, `seed`, `command`, `packages`, and `redact`: the
names whose values are hidden because the project says so.
"""

DIRTY = "-dirty"
"""What a revision ends in where there were changes that were not committed."""

# What decides how a service, and its suite, behaves.
_PACKAGES = ("fastapi", "starlette", "pydantic", "sqlalchemy", "asyncpg", "httpx", "pytest", "pytest-bdd")

# By the names of their options: where nobody chose it, the one that was drawn. The second prefixes that.
_SEEDS = {"randomly_seed": "pytest-randomly", "random_order_seed": "pytest-random-order"}
_DRAWN = "default:"


def of_meta(meta: Envelope) -> Provenance:
    """Return what a message of that kind says, whatever wrote it."""
    ci = meta.get("ci")
    git = ci.get("git") if isinstance(ci, dict) else None
    found = {
        "implementation": _text(meta.get("implementation"), "name", "version"),
        "runtime": _text(meta.get("runtime"), "name", "version"),
        "os": f"{_text(meta.get('os'), 'name', 'version')} {_text(meta.get('cpu'), 'name')}".strip(),
        "revision": _text(git, "revision"),
    }
    return {name: [value] for name, value in found.items() if value}


def of_session(config: pytest.Config, redaction: Redaction) -> Provenance:
    """Return what started a run: the command, without what is secret in it, and what its tests depend on."""
    return {
        "command": [_command(config, redaction)],
        "seed": list(_seeds(config)),
        "packages": [", ".join(_packages())],
        "redact": list(config.getini("accord_redact")),
    }


def of_tree(tree: WorkingTree | None, meta: Envelope) -> Provenance:
    """Return the commit that is checked out, where a server of CI says that the run is of another one."""
    said = of_meta(meta).get("revision", [])
    if tree is None or [tree.commit] == [revision.removesuffix(DIRTY) for revision in said]:
        return {}
    return {"revision": [f"{tree.commit}, which is checked out"]}


def envelope(run: str, *parts: Provenance) -> Envelope:
    """Return the attachment of the run of that id."""
    found: Provenance = {}
    for part in parts:
        add(found, part)
    body = {name: values for name, values in found.items() if values}
    file = {"contentEncoding": "IDENTITY", "mediaType": PROVENANCE, "fileName": "provenance.json"}
    return {"attachment": {"body": ndjson.dumps(body), **file, "testRunStartedId": run}}


def add(known: Provenance, found: dict[str, Any]) -> None:
    """Add what another run has: each value once."""
    for name, values in found.items():
        known[name] = list(dict.fromkeys([*known.get(name, ()), *texts(values)]))


def texts(values: object) -> list[str]:
    """Return the texts among the values that a name has in a file, which may be anything."""
    return [value for value in values if isinstance(value, str) and value] if isinstance(values, list) else []


def _text(node: object, *names: str) -> str:
    values = [node.get(name) for name in names] if isinstance(node, dict) else []
    return " ".join(value for value in values if isinstance(value, str) and value)


def _seeds(config: pytest.Config) -> Iterator[str]:
    for option, plugin in _SEEDS.items():
        if (seed := getattr(config.option, option, None)) is not None and _shuffles(config, option):
            yield f"{str(seed).removeprefix(_DRAWN)} ({plugin})"
    # The order of sets, which many a service goes through.
    if (of_hashes := os.environ.get("PYTHONHASHSEED", "random")) != "random":
        yield f"{of_hashes} (PYTHONHASHSEED)"


def _packages() -> Iterator[str]:
    for name in _PACKAGES:
        # What is loaded says its version at once; files are looked through for the others alone.
        known = getattr(sys.modules.get(name), "__version__", None)
        with suppress(PackageNotFoundError):
            yield f"{name} {known if isinstance(known, str) else version(name)}"


def _shuffles(config: pytest.Config, option: str) -> bool:
    """Return whether a plugin does what it draws a seed for: pytest-random-order waits until it is asked to."""
    if option != "random_order_seed" or getattr(config.option, "random_order_enabled", False):
        return True
    chosen = (str(getattr(config.option, name, _DRAWN)) for name in (option, "random_order_bucket"))
    return not all(value.startswith(_DRAWN) for value in chosen)


def _command(config: pytest.Config, redaction: Redaction) -> str:
    words = list(_hidden(map(str, config.invocation_params.args), redaction))
    # They are before the others, as if they stood there.
    if options := os.environ.get("PYTEST_ADDOPTS"):
        words = [*_hidden(_split(options), redaction), *words]
    return redaction.text(shlex.join(["pytest", *(_below(word, config.rootpath) for word in words)]))


def _below(word: str, root: Path) -> str:
    """Return a word without where on the machine the project lies, or somebody's home directory."""
    name, sign, value = word.partition("=") if word.startswith("-") else ("", "", word)
    for folder, instead in ((root, "."), (Path.home(), "~")):
        # One that is the root of the machine tells nothing.
        if folder != Path(folder.anchor) and (value == str(folder) or value.startswith(f"{folder}{os.sep}")):
            rest = value.removeprefix(str(folder)).removeprefix(os.sep)
            return name + sign + (os.path.join(instead, rest) if rest and instead != "." else rest or instead)
    return word


def _split(options: str) -> list[str]:
    try:
        return shlex.split(options)
    except ValueError:  # pytest itself does not start with such.
        return [options]


def _hidden(words: Iterable[str], redaction: Redaction) -> Iterator[str]:
    """Yield the words of a command: `--token abc` and `--token=abc` have a value each, and so has `-o token=abc`."""
    option = ""
    for word in words:
        name, sign, value = word.partition("=")
        if sign and _is_name(name):
            yield f"{name}={redaction.named(name.lstrip('-'), value)}"
        else:
            yield redaction.named(option, word) if option and not word.startswith("-") else redaction.url(word)
        option = word.lstrip("-") if word.startswith("--") and not sign else ""


def _is_name(text: str) -> bool:
    return text.strip("-").replace("-", "_").replace(".", "_").isidentifier()
