"""What is odd in examples, and yet runs: warnings of `accord check`, of which a run says nothing."""

from collections.abc import Iterator

from accord.gherkin.document import Document
from accord.gherkin.rules.fault import Finding, line_of
from accord.gherkin.rules.outlines import columns_of, outlines, placeholders, with_header


def unused_column(document: Document) -> Iterator[Finding]:
    """A column of examples is used in a step, or in the name of its outline."""
    # Those of backgrounds are filled in as well.
    of_backgrounds = {name for background in document.backgrounds() for _line, name in placeholders(background)}
    for scenario in outlines(document):
        used = of_backgrounds | {name for _line, name in placeholders(scenario)}
        for table in with_header(scenario):
            for column in dict.fromkeys(columns_of(table)):
                if column not in used:
                    sentence = (
                        f'no step uses the column "{column}": write <{column}> in one, or in the name of the outline'
                    )
                    yield line_of(table["tableHeader"]), f"{sentence}, or remove it."


def double_row(document: Document) -> Iterator[Finding]:
    """Examples of an outline differ from each other."""
    for scenario in outlines(document):
        lines: dict[tuple[tuple[str, str], ...], int] = {}
        for table in with_header(scenario):
            columns = columns_of(table)
            for row in table.get("tableBody", ()):
                values = [cell["value"] for cell in row["cells"]]
                # The order of the columns means nothing.
                key = tuple(sorted(zip(columns, values, strict=True)))
                if (before := lines.setdefault(key, line_of(row))) != line_of(row):
                    yield line_of(row), f"this row is the same as that in line {before}: remove one, or correct it."
