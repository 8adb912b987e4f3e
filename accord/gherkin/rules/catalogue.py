"""All rules by their names, and what those for a whole feature file find in one."""

import inspect
from collections.abc import Callable, Iterator

from accord.gherkin.document import Document
from accord.gherkin.rules.descriptions import misspelt_keyword, step_outside_scenario
from accord.gherkin.rules.examples import double_row, unused_column
from accord.gherkin.rules.fault import Check, Fault, Finding
from accord.gherkin.rules.outlines import (
    duplicate_column,
    empty_examples,
    headerless_examples,
    no_examples,
    unknown_placeholder,
)
from accord.gherkin.rules.scenarios import duplicate_name, leading_and, no_scenario, no_steps, no_then, unnamed
from accord.gherkin.rules.tags import Tags, unknown_tag

CHECKS: tuple[Check, ...] = (
    no_then,
    no_steps,
    leading_and,
    unnamed,
    duplicate_name,
    no_scenario,
    no_examples,
    empty_examples,
    headerless_examples,
    duplicate_column,
    unknown_placeholder,
    misspelt_keyword,
    step_outside_scenario,
)


def name_of(check: Callable[..., Iterator[Finding]]) -> str:
    """Return the name of a rule: its function's, with dashes."""
    return check.__name__.replace("_", "-")


_ALL: tuple[Callable[..., Iterator[Finding]], ...] = (*CHECKS, unknown_tag)
RULES: dict[str, str] = {name_of(check): (inspect.getdoc(check) or "").partition("\n")[0] for check in _ALL} | {
    "ambiguous-step": "One step definition matches a step; of several, only a nearer one may override a farther one.",
    "unused-table": "A table or a text under a step is taken by its definition, as `datatable` or `docstring`.",
    "passed-over-feature": "A feature file is run: it is in no folder that pytest passes over, and ends in `.feature`.",
}
"""The rules that can be switched off, each with what it demands."""
_WARNINGS: tuple[Check, ...] = (unused_column, double_row)
OF_CHECK: dict[str, str] = {
    "undefined-step": "A step has a definition.",
    "missing-table": "A table or a text that a definition takes stands under its step.",
    "unused-definition": "A step definition is used by a step.",
    "near-double": "Two step definitions differ by more than a letter, a small word or a sign.",
} | {name_of(check): (inspect.getdoc(check) or "").partition("\n")[0] for check in _WARNINGS}
"""What `accord check` alone looks at, beyond these rules; all but the first two are warnings."""
NOT_READABLE = {
    "not-gherkin": "A feature file is Gherkin, and has a feature.",
    "not-readable": "A feature file can be read.",
    "not-utf8": "A feature file is UTF-8.",
    "not-loaded": "A module of steps can be imported.",
    "unknown-rule": "A rule that is switched off is one of these.",
}
"""The rules that cannot be: of such a file nothing is known that could run."""


def faults(document: Document, tags: Tags) -> Iterator[Fault]:
    """Yield all faults of a document."""
    for check in _ALL:
        found = check(document, tags) if check is unknown_tag else check(document)
        yield from (Fault(line, sentence, name_of(check), *fix) for line, sentence, *fix in found)


def warnings(document: Document) -> Iterator[Fault]:
    """Yield what is odd in a document, and runs all the same."""
    for check in _WARNINGS:
        yield from (Fault(line, sentence, name_of(check), *fix) for line, sentence, *fix in check(document))
