"""The rules for outlines, their examples and their placeholders."""

from collections.abc import Iterator

from gherkin.dialect import Dialect

from accord.gherkin.document import Document
from accord.gherkin.rules.fault import Finding, line_of


def no_examples(document: Document) -> Iterator[Finding]:
    """An outline has examples."""
    dialect = Dialect.for_name(document.tree["feature"]["language"])
    assert dialect is not None, "the parser knew the language"
    for scenario in document.scenarios():
        # The tree has no other sign of an outline, and the keyword is the language's.
        if scenario["keyword"] in dialect.scenario_outline_keywords and not scenario["examples"]:
            yield line_of(scenario), f'the outline "{scenario["name"]}" has no Examples, so it would not run: add some.'


def empty_examples(document: Document) -> Iterator[Finding]:
    """Each table of examples has a row."""
    for scenario in document.scenarios():
        for table in scenario["examples"]:
            if not table.get("tableBody"):
                yield line_of(table), f'Examples of "{scenario["name"]}" have no row, so nothing would run: add one.'
