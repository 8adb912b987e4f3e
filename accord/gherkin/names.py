"""The names of the items of a feature file, of which pytest's node ids are made and by which they are found again."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

LONGEST_EXAMPLE = 60
"""How many characters of an example's values are in a name."""


class Case(NamedTuple):
    """What becomes one item: a scenario, or an example of an outline."""

    node: str
    """The id of its node in Gherkin's tree: the scenario's, or the row's."""
    line: int
    scenario: str
    """The scenario's name."""
    example: str | None = None
    """What tells an example from the others of its scenario; None where there are none."""

    @property
    def name(self) -> str:
        """The item's name, as long as it has no parameters."""
        return self.scenario if self.example is None else f"{self.scenario}[{self.example}]"


def node_ids(uri: str, feature: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield for each scenario or example of a feature the id of its node in Gherkin's tree, and pytest's node id."""
    for child in feature["children"]:
        parent = f"{uri}::{rule_name(child['rule']['name'])}" if "rule" in child else uri
        for it in child["rule"]["children"] if "rule" in child else [child]:
            if "scenario" in it:
                yield from ((case.node, f"{parent}::{case.name}") for case in cases(it["scenario"]))


def cases(scenario: dict[str, Any]) -> Iterator[Case]:
    """Yield the items of a scenario: itself, or one for each of its examples."""
    name = scenario["name"].replace("::", ":")  # It separates the parts of a node id.
    if not scenario["examples"]:
        yield Case(scenario["id"], scenario["location"]["line"], name)
    # How often a label occurred: two rows may have the same values, and a node id stands for one item.
    used: Counter[str] = Counter()
    for examples in scenario["examples"]:
        for row in examples.get("tableBody", ()):
            label = example = _label(examples["name"], (cell["value"] for cell in row["cells"]))
            while example in used:
                used[label] += 1
                example = f"{label} #{used[label]}"
            used[example] += 1
            yield Case(row["id"], row["location"]["line"], name, example)


def rule_name(name: str) -> str:
    """Return a rule's name as it stands in a node id, which is cut at `::` before its first `[`."""
    return name.replace("::", ":").replace("[", "(").replace("]", ")")


def _label(examples: str, values: Iterable[str]) -> str:
    # A cell may have line breaks in it, written as `\n`.
    label = ", ".join(" ".join(value.split()) for value in values)
    if len(label) > LONGEST_EXAMPLE:
        label = label[:LONGEST_EXAMPLE] + "…"
    return f"{examples}: {label}" if examples else label
