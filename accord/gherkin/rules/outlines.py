"""The rules for outlines, their examples and their placeholders."""

import re
from collections import Counter
from collections.abc import Iterator

from gherkin.dialect import Dialect

from accord.basics.text import nearest
from accord.gherkin.document import Document, Node
from accord.gherkin.rules.fault import Finding, Fix, line_of

# As pytest-bdd and Gherkin have it: whatever is in the brackets.
_PLACEHOLDER = re.compile(r"<([^<>]+)>")
# What is no name of a column is text, as in `a <= b`, `<a href="/">` or `</p>`.
_NAME = re.compile(r"[^\W\d][\w .-]*")
_UNKNOWN = "<{}> would go in literally, since no column has that name: {}"
_VOID_TAGS = ("br", "hr", "img", "input")


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
    for scenario in outlines(document):
        for table in scenario["examples"]:
            if not table.get("tableBody"):
                yield line_of(table), f'Examples of "{scenario["name"]}" have no row, so nothing would run: add one.'


def duplicate_column(document: Document) -> Iterator[Finding]:
    """A table of examples has no two columns of one name."""
    for scenario in outlines(document):
        for table in with_header(scenario):
            for name, count in Counter(columns_of(table)).items():
                if count > 1:
                    sentence = (
                        f'the column "{name}" is there {count} times, and only one of its values in each row is tried'
                    )
                    yield line_of(table["tableHeader"]), f"{sentence}: rename it, or remove all but one."


def headerless_examples(document: Document) -> Iterator[Finding]:
    """A table of examples begins with the names of its columns."""
    for scenario in outlines(document):
        for table in _headerless(scenario):
            row = " | ".join(columns_of(table))
            sentence = (
                f"the first row of these Examples, | {row} |, is their header, and none of its names is in a step"
            )
            yield line_of(table["tableHeader"]), f"{sentence}: write the names of the columns above it."


def unknown_placeholder(document: Document) -> Iterator[Finding]:
    """A placeholder of an outline is the name of a column, in each table of its examples."""
    for background in document.backgrounds():
        # Those of a background are filled in as well, where there is something to fill in.
        filled_in = document.concerned(line_of(background))
        columns = [column for it in filled_in for table in with_header(it) for column in columns_of(table)]
        for line, name in dict.fromkeys(placeholders(background)):
            if name not in columns and (meant := nearest(name, columns)):
                yield line, _UNKNOWN.format(name, f"did you mean <{meant}>?"), _fix(name, columns, background)
    for scenario in outlines(document):
        headerless = [id(table) for table in _headerless(scenario)]
        tables = [table for table in with_header(scenario) if id(table) not in headerless]
        columns = [column for table in tables for column in columns_of(table)]
        for line, name in dict.fromkeys(placeholders(scenario)):
            lacking = [table for table in tables if name not in columns_of(table)]
            if lacking and len(lacking) < len(tables):
                where = f"the Examples in line {line_of(lacking[0])} have no such column"
                yield line, f"<{name}> would go in literally, since {where}: add it there."
            elif lacking and (meant := nearest(name, columns)):
                yield line, _UNKNOWN.format(name, f"did you mean <{meant}>?"), _fix(name, columns, scenario)
            elif lacking and line != line_of(scenario) and _is_name(name, scenario, columns):
                named = ", ".join(f"<{column}>" for column in dict.fromkeys(columns))
                yield line, _UNKNOWN.format(name, f"write one of {named}.")


def _fix(name: str, columns: list[str], node: Node) -> Fix | None:
    """Return what mends a placeholder, if one column alone is like it, and is used nowhere else."""
    used = {other for _line, other in placeholders(node)}
    like = [column for column in dict.fromkeys(columns) if nearest(name, [column])]
    return Fix(f"<{name}>", f"<{like[0]}>") if len(like) == 1 and like[0] not in used else None


def outlines(document: Document) -> list[Node]:
    """Return the outlines that have examples."""
    return [scenario for scenario in document.scenarios() if scenario["examples"]]


def _is_name(name: str, scenario: Node, columns: list[str]) -> bool:
    """Return whether what is in brackets must be the name of a column, though it is like none of them.

    That is so where others in that outline are, unless it is a tag of HTML, a type such as `List<String>`, or in a text
    under a step, which may be of any kind, such as Gherkin itself.
    """
    sentences = [text for step in scenario["steps"] for _line, text in _sentences(step)]
    if not _NAME.fullmatch(name) or not any(f"<{name}>" in it for it in sentences):
        return False
    others = {other for _line, other in placeholders(scenario)}
    is_markup = name in _VOID_TAGS or any(f"</{name}>" in text for text in sentences)
    is_type = any(re.search(rf"\w<{re.escape(name)}>", text) for text in sentences)
    return not (others.isdisjoint(columns) or is_markup or is_type)


def _headerless(scenario: Node) -> Iterator[Node]:
    used = {name for _line, name in placeholders(scenario) if _NAME.fullmatch(name)}
    tables = list(with_header(scenario))
    for table in tables:
        columns = {*columns_of(table)}
        others = {column for other in tables if other is not table for column in columns_of(other)}
        is_like_one = any(nearest(name, columns) for name in used)
        if used and table.get("tableBody") and columns.isdisjoint(used | others) and not is_like_one:
            yield table


def with_header(scenario: Node) -> Iterator[Node]:
    """Yield the tables of examples that have a header."""
    yield from (table for table in scenario["examples"] if table.get("tableHeader"))


def columns_of(table: Node) -> list[str]:
    """Return the names of the columns of a table of examples."""
    return [cell["value"] for cell in table["tableHeader"]["cells"]]


def placeholders(scenario: Node) -> Iterator[tuple[int, str]]:
    """Yield what is in angle brackets in the name and in the steps of an outline, with its line."""
    for line, text in _texts(scenario):
        yield from ((line, name) for name in _PLACEHOLDER.findall(text))


def _texts(scenario: Node) -> Iterator[tuple[int, str]]:
    yield line_of(scenario), scenario["name"]
    for step in scenario["steps"]:
        yield from _sentences(step)
        if "docString" in step:
            first = line_of(step["docString"]) + 1
            yield from enumerate(step["docString"]["content"].split("\n"), first)


def _sentences(step: Node) -> Iterator[tuple[int, str]]:
    """Yield the sentence of a step and the cells of its table, each with its line."""
    yield line_of(step), step["text"]
    for row in step.get("dataTable", {}).get("rows", ()):
        yield from ((line_of(row), cell["value"]) for cell in row["cells"])
