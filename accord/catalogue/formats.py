"""What `accord check` found, as people, GitHub, scripts and code scanning read it."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from accord.basics.text import one_line, visible
from accord.catalogue.collecting import Collected
from accord.catalogue.finding import Finding

UNDEFINED = "undefined-step"
_WORKSPACE = "GITHUB_WORKSPACE"
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
# https://docs.github.com/actions/reference/workflow-commands-for-github-actions: as its toolkit escapes them.
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = _DATA | {":": "%3A", ",": "%2C"}

Format = Callable[[Collected], Iterator[str]]
"""How findings are written: line by line."""


def text(collected: Collected) -> Iterator[str]:
    """Yield a line for each finding, and how many there are."""
    yield from map(one_line, collected.notices)
    yield from (one_line(str(finding)) for finding in collected.findings)
    yield summary(collected)


def github(collected: Collected) -> Iterator[str]:
    """Yield a workflow command for each finding, which GitHub shows at the line in a pull request."""
    # There a file is looked for below the checkout, whatever directory this was called in.
    base = Path(os.environ.get(_WORKSPACE) or Path())
    for notice in collected.notices:
        yield f"::warning::{_escaped(notice, _DATA)}"
    for finding in collected.findings:
        file = _relative(Path(collected.root, finding.file), base)
        properties = {"file": file, "line": str(finding.line), "title": finding.rule}
        named = ",".join(f"{name}={_escaped(value, _PROPERTY)}" for name, value in properties.items())
        yield f"::{_level(finding)} {named}::{_escaped(finding.sentence, _DATA)}"
    yield summary(collected)


def as_json(collected: Collected) -> Iterator[str]:
    """Yield one JSON document."""
    findings = [
        {
            "file": it.file,
            "line": it.line,
            "level": _level(it),
            "rule": it.rule,
            "message": it.sentence,
            "fix": None if it.fix is None else {"old": it.fix[0], "new": it.fix[1]},
        }
        for it in collected.findings
    ]
    found = {"root": collected.root, "files": collected.files, "findings": findings, "notices": collected.notices}
    yield json.dumps(found | {"problem": collected.problem}, indent=2)


def sarif(collected: Collected) -> Iterator[str]:
    """Yield a log of SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), as code scanning reads it."""
    from accord.gherkin.rules.catalogue import NOT_READABLE, OF_CHECK, RULES

    rules = RULES | OF_CHECK | NOT_READABLE
    used = sorted({finding.rule for finding in collected.findings})
    driver = {
        "name": "accord",
        "version": version("accord"),
        "rules": [{"id": rule, "shortDescription": {"text": rules[rule]}} for rule in used],
    }
    notified = [("error", collected.problem)] if collected.problem else []
    notified += [("warning", notice) for notice in collected.notices]
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "invocations": [
            {
                "executionSuccessful": not collected.problem,
                "toolExecutionNotifications": [
                    {"level": level, "message": {"text": visible(message)}} for level, message in notified
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, used) for finding in collected.findings],
    }
    if collected.root:
        run["originalUriBaseIds"] = {_ROOT: {"uri": f"{Path(collected.root).as_uri()}/"}}
    yield json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


FORMATS: dict[str, Format] = {"text": text, "github": github, "json": as_json, "sarif": sarif}


def summary(collected: Collected) -> str:
    """Return how much was found: `1 fault, 2 undefined steps and 3 warnings in 4 feature files.`"""
    counted = Counter(
        "warning" if not it.is_error else "undefined step" if it.rule == UNDEFINED else "fault"
        for it in collected.findings
    )
    parts = [_count(counted["fault"], "fault")]
    parts += [_count(counted[what], what) for what in ("undefined step", "warning") if counted[what]]
    *first, last = parts
    found = f"{', '.join(first)} and {last}" if first else last
    return f"{found} in {_count(collected.files, 'feature file')}."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _level(finding: Finding) -> str:
    return "error" if finding.is_error else "warning"


def _escaped(message: str, signs: Mapping[str, str]) -> str:
    return "".join(signs.get(sign, sign) for sign in visible(message))


def _relative(file: Path, base: Path) -> str:
    file, base = file.absolute(), base.absolute()
    return (file.relative_to(base) if file.is_relative_to(base) else file).as_posix()


def _result(finding: Finding, rules: list[str]) -> dict[str, Any]:
    path = Path(finding.file)
    artifact = {"uri": path.as_uri()} if path.is_absolute() else {"uri": quote(finding.file), "uriBaseId": _ROOT}
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": _level(finding),
        "message": {"text": visible(finding.sentence)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": finding.line}}}],
    }
