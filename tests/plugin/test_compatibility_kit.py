"""The samples of the Cucumber Compatibility Kit (https://github.com/cucumber/compatibility-kit), with steps in Python.

What pytest-bdd can express comes out as the messages of the kit. What is not compared: ids, but for what they link;
times; and what differs from language to language, as the kit says: where and how step definitions are written,
snippets, and how an exception reads.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from cucumber_compatibility_kit import CompatibilityKit
from cucumber_messages import Envelope, message_converter

from accord.recording.envelopes import COMMAND
from accord.recording.provenance import PROVENANCE
from tests.helpers.project import PUBLISHING, Project

pytestmark = pytest.mark.usefixtures("publishing")

# What Accord alone says: the command that runs a scenario, and how the run was made.
OWN = (COMMAND, PROVENANCE)

PASS, PENDING, SKIP, FAIL = "pass", "raise NotImplementedError", 'pytest.skip("skipping")', 'raise Exception("whoops")'
ORDER = {"an order for {:string}": PASS, "an action": PASS, "an outcome": PASS}
CUCUMBERS = {
    "there are {n:int} cucumbers": "request.node.count = n",
    "there are {n:int} friends": "request.node.friends = n",
    "I eat {n:int} cucumbers": "request.node.count -= n",
    "I should have {n:int} cucumbers": "assert request.node.count == n",
    "each person can eat {n:int} cucumbers": "assert request.node.count // (1 + request.node.friends) == n",
}
EATING = dict.fromkeys(
    ["there are {n:int} cucumbers", "I eat {n:int} cucumbers", "I should have {n:int} cucumbers"], PASS
)
CHOCOLATE = {
    "the customer has {n:int} cents": "request.node.money = n",
    "there are chocolate bars in stock": 'request.node.stock = ["Mars"]',
    "there are no chocolate bars in stock": "request.node.stock = []",
    "the customer tries to buy a {n:int} cent chocolate bar": (
        "request.node.sold = bool(request.node.stock) and request.node.money >= n"
    ),
    "the sale should not happen": "assert not request.node.sold",
    "the sale should happen": "assert request.node.sold",
}
AMBIGUOUS = {"^an ambiguous (.*?)$": PASS, "^(.*?) ambiguous step$": PASS}
SAMPLES: dict[str, dict[str, str]] = {
    "all-statuses": {
        "^a step$": PASS,
        "^a failing step$": FAIL,
        "^a pending step$": PENDING,
        "^a skipped step$": SKIP,
        **AMBIGUOUS,
    },
    "ambiguous": {"^a (.*?) with (.*?)$": PASS, "^a step with (.*?)$": PASS},
    "backgrounds": ORDER,
    "cdata": {"I have {:int} <![CDATA[cukes]]> in my belly": PASS},
    "data-tables": {
        "the following table is transposed:": "request.node.table = [list(row) for row in zip(*datatable)]",
        "it should be:": "assert request.node.table == datatable",
    },
    "data-tables-doc-strings": {
        "a step with a data table a doc string": 'assert (datatable, docstring) == ([["hello"]], "world")',
        "a step with a doc string a data table": 'assert (docstring, datatable) == ("hello", [["world"]])',
    },
    "data-tables-with-expression": {"a {:string} with a table": "assert datatable"},
    "doc-strings": {"a doc string:": "assert docstring"},
    "doc-strings-with-expression": {"a {:string} with a doc string:": "assert docstring"},
    "empty": {},
    "examples-tables": CUCUMBERS,
    "examples-tables-undefined": EATING,
    "examples-tables-undefined-multiple": EATING,
    "failedish-combinations": {
        "^a step$": PASS,
        "^a skipped step$": SKIP,
        "^a pending step$": PENDING,
        **AMBIGUOUS,
        "^a failing step$": FAIL,
    },
    "minimal": {"I have {:int} cukes in my belly": PASS},
    "multiple-features": {"an order for {:string}": PASS},
    "multiple-features-reversed": {"an order for {:string}": PASS},
    "pending": {
        "an implemented non-pending step": PASS,
        "an implemented step that is skipped": PASS,
        "an unimplemented pending step": PENDING,
    },
    "pending-exception": {"an unimplemented pending step": 'raise NotImplementedError("TODO")'},
    "regular-expression": {"^a (.*?)(?: and a (.*?))?(?: and a (.*?))?$": PASS},
    "rules": CHOCOLATE,
    "rules-backgrounds": ORDER,
    "skipped": {"a step that does not skip": PASS, "a step that is skipped": PASS, "I skip a step": SKIP},
    "skipped-exception": {"I skip a step": SKIP},
    "stack-traces": {"a step throws an exception": FAIL},
    "undefined": {"an implemented step": PASS, "a step that will be skipped": PASS},
    "undefined-multiple": {"an implemented step": PASS, "a step that will be skipped": PASS},
    "unused-steps": {"a step that is used": PASS, "a step that is not used": PASS},
}
LACKING = {
    "a way to attach something from a step": ["attachments", "examples-tables-attachment", "hooks-attachment"],
    "hooks: what runs around a scenario is a fixture, and is told where it fails": [
        "hooks",
        "hooks-conditional",
        "hooks-named",
        "hooks-skipped",
        "hooks-undefined",
        "skipped-failing-hook",
    ],
    "hooks around a run": [
        "global-hooks",
        "global-hooks-afterall-error",
        "global-hooks-attachments",
        "global-hooks-beforeall-error",
        "test-run-exception",
    ],
    "features in Markdown": ["markdown"],
    "a registry of parameter types: each parser has its own": ["parameter-types", "unknown-parameter-type"],
    "retries: pytest has none of its own": ["retry", "retry-ambiguous", "retry-pending", "retry-undefined"],
}
# The kit's features break these rules that Accord has for features.
SETTINGS = {
    "accord_tags": ["passing", "failing", "undefined", "some-tag"],
    "accord_ignore": ["no-then", "no-steps", "unnamed", "no-scenario", "unused-table"],
}
DIFFERING = {"timestamp", "sourceReference", "snippets", "parameterTypeName"}
KIT = CompatibilityKit()
REVERSE = "\ndef pytest_collection_modifyitems(items):\n    items.reverse()\n"
STEPS = """
from parse import with_pattern

@with_pattern('"[^"]*"')
def string(words):
    return words

@with_pattern(r"\\d+")
def integer(words):
    return int(words)

def sentence(words):
    return parsers.re(words) if words[0] == "^" else parsers.parse(words, dict(string=string, int=integer))
"""


def written(steps: dict[str, str]) -> str:
    text = STEPS
    for words, body in steps.items():
        arguments = [name for name in ("datatable", "docstring") if name in body] + ["n"] * ("{n:" in words)
        head = f"@step(sentence({words!r}))\nasync def _({', '.join(['request', *arguments])}):\n"
        text += f"\n{head}{indent(body, '    ')}\n"
    return text


def envelopes(text: str) -> list[dict[str, Any]]:
    """Return the messages, those of a kind together: it differs when a test case is told."""
    lines = [json.loads(line) for line in text.splitlines()]
    kinds = ["source", "gherkinDocument", "pickle", "stepDefinition", "testRunStarted", "testCase"]
    return sorted(lines, key=lambda it: next((n for n, kind in enumerate(kinds) if kind in it), len(kinds)))


def comparable(messages: Iterable[dict[str, Any]]) -> list[Any]:
    """Return what is compared of the messages; an id becomes its number in order of appearance."""
    ids: dict[str, int] = {}

    def linked(value: Any) -> Any:
        return [linked(part) for part in value] if isinstance(value, list) else ids.setdefault(value, len(ids))

    def strip(value: Any) -> Any:
        if isinstance(value, list):
            return [strip(part) for part in value]
        if not isinstance(value, dict):
            return value
        if "status" in value:
            return value["status"]
        return {
            name: linked(part) if re.fullmatch("id|.*Ids?", name) else strip(part)
            for name, part in sorted(value.items())
            if name not in DIFFERING and not (name == "children" and "start" in value)
        }

    shared = (it for it in messages if "meta" not in it and it.get("attachment", {}).get("mediaType") not in OWN)
    told = [strip(message) for message in shared]
    for message in told:
        if "stepDefinition" in message:
            del message["stepDefinition"]["pattern"]
        if "gherkinDocument" in message:
            # Gherkin's parser in Python keeps the spaces of blank lines at the end of a description.
            feature = message["gherkinDocument"]["feature"]
            feature["description"] = feature["description"].rstrip()
    return told


@pytest.fixture
def run(project: Project) -> Callable[[str], str]:
    """Run a sample, and return the messages."""

    def run(name: str) -> str:
        folder = project.path / "samples" / name
        shutil.copytree(KIT.feature_code_for(name), folder)
        reverse = (folder / f"{name}.arguments.txt").exists()
        project.steps(written(SAMPLES[name]) + REVERSE * reverse)
        features = sorted(str(path) for path in folder.glob("*.feature"))
        project.settings(PUBLISHING + "".join(f"{name} = {' '.join(values)}\n" for name, values in SETTINGS.items()))
        project.run("-q", *features)
        return project.path.joinpath("living-docs", "messages.ndjson").read_text(encoding="utf-8")

    return run


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_comes_out_as_the_kit_says(run: Callable[[str], str], name: str) -> None:
    expected = KIT.feature_code_for(name).joinpath(f"{name}.ndjson").read_text(encoding="utf-8")
    assert comparable(envelopes(run(name))) == comparable(envelopes(expected))


def test_every_sample_is_run_or_the_construct_that_it_lacks_is_named() -> None:
    lacking = [name for names in LACKING.values() for name in names]
    there = {folder.name for folder in Path(KIT.cck_features_folder_location).iterdir() if folder.is_dir()}
    assert {*SAMPLES, *lacking} == there
    assert len(SAMPLES) >= 20


@pytest.mark.parametrize("name", ["all-statuses", "rules", "data-tables-doc-strings", "regular-expression"])
def test_messages_are_those_that_the_library_knows(run: Callable[[str], str], name: str) -> None:
    for message in envelopes(run(name)):
        read = message_converter.from_dict(message, Envelope)
        assert message_converter.to_dict(read) == message
