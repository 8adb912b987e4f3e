"""What a feature file must not have, since it would pass without having been tested: one function a rule."""

import re
from collections.abc import Callable, Collection, Iterator

from gherkin.dialect import Dialect

from accord.compat.pytest_bdd import GherkinParseError
from accord.gherkin.document import Document, Node

Fault = tuple[int, str]
"""The line, and in a sentence what is wrong there and what to do."""


def faults(document: Document, known_tags: Collection[str]) -> list[Fault]:
    """Return all faults of a document, by line."""
    found = [fault for rule in RULES for fault in rule(document)]
    return sorted([*found, *unknown_tags(document, known_tags)])


def names(document: Document) -> Iterator[Fault]:
    """Scenarios and rules have names, which others of the file do not have: of two, only one would be found."""
    for kind, nodes in (("scenario", document.scenarios()), ("rule", document.rules())):
        lines: dict[str, int] = {}
        for node in nodes:
            line, name = _line(node), node["name"]
            if not name:
                yield line, f"a {kind} needs a name: say what is promised."
            elif name in lines:
                yield line, f'line {lines[name]} has a {kind} "{name}" too, and only one would be found: rename one.'
            lines.setdefault(name, line)


def outcomes(document: Document) -> Iterator[Fault]:
    """A scenario has a step that says what must have happened."""
    for scenario in document.scenarios():
        line, name = _line(scenario), scenario["name"]
        if not scenario["steps"]:
            yield line, f'the scenario "{name}" has no steps, so it would always pass: write them, or remove it.'
        # The type that Gherkin gives a keyword, which is the same in every language.
        elif all(step["keywordType"] != "Outcome" for step in scenario["steps"]):
            yield line, f'the scenario "{name}" has no Then, so it checks nothing: say what must have happened.'


def examples(document: Document) -> Iterator[Fault]:
    """An outline has examples, and each table of them a row."""
    dialect = Dialect.for_name(document.tree["feature"]["language"])
    assert dialect is not None, "the parser knew the language"
    for scenario in document.scenarios():
        name = scenario["name"]
        # The tree has no other sign of an outline, and the keyword is the language's.
        if scenario["keyword"] in dialect.scenario_outline_keywords and not scenario["examples"]:
            yield _line(scenario), f'the outline "{name}" has no Examples, so it would not run: add some.'
        for table in scenario["examples"]:
            if not table.get("tableBody"):
                yield _line(table), f'Examples of "{name}" have no row, so nothing would run: add one.'


def content(document: Document) -> Iterator[Fault]:
    """A feature, and a rule, has a scenario."""
    for node in (document.tree["feature"], *document.rules()):
        if not any("scenario" in child or "rule" in child for child in node["children"]):
            yield _line(node), f'"{node["name"]}" has no scenario, so nothing would run: write one, or remove it.'


def unknown_tags(document: Document, known: Collection[str]) -> Iterator[Fault]:
    """A tag is known: a filter may miss one that is misspelt."""
    for tag in document.tags():
        if tag["name"].lstrip("@") not in known:
            yield (
                _line(tag),
                f"the tag {tag['name']} is not known, so a filter may miss it: correct it, or add it to `markers` "
                "in the pytest configuration.",
            )


RULES: tuple[Callable[[Document], Iterator[Fault]], ...] = (names, outcomes, examples, content)


def syntax_fault(error: GherkinParseError) -> Fault:
    """Return what is not Gherkin in a file, as pytest-bdd says it, without the frame around it."""
    message = re.sub(r"Unknown parsing error: Parser errors:\n\(\d+:\d+\): ", "", error.message)
    return error.line, " ".join([message.partition("\n")[0], error.line_content.strip()]).strip()


def _line(node: Node) -> int:
    line: int = node["location"]["line"]
    return line
