"""The names of the items of a feature file, of which pytest's node ids are made and by which they are found again."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
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
    parents = [(uri, feature)]
    names = Names(rule_name)
    for child in feature["children"]:
        if "rule" in child:
            parents.append((f"{uri}::{names.of(child['rule'])}", child["rule"]))
    for parent, node in parents:
        names = Names(scenario_name)
        for child in node["children"]:
            if "scenario" in child:
                name = names.of(child["scenario"])
                yield from ((case.node, f"{parent}::{case.name}") for case in cases(child["scenario"], name))


class Names:
    """The names of the nodes that one node collects: two of one name are told apart by a number."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean
        self._used: Counter[str] = Counter()

    def of(self, node: dict[str, Any]) -> str:
        """Return the name of the next node."""
        return numbered(self._clean(node["name"]), self._used)


def cases(scenario: dict[str, Any], name: str) -> Iterator[Case]:
    """Yield the items of a scenario: itself, or one for each of its examples."""
    if not scenario["examples"]:
        yield Case(scenario["id"], scenario["location"]["line"], name)
    # How often a label occurred: two rows may have the same values, and a node id stands for one item.
    used: Counter[str] = Counter()
    for examples in scenario["examples"]:
        for row in examples.get("tableBody", ()):
            # Two rows may have the same values.
            example = numbered(_label(examples["name"], (cell["value"] for cell in row["cells"])), used)
            yield Case(row["id"], row["location"]["line"], name, example)


def numbered(name: str, used: Counter[str]) -> str:
    """Return a name that was not used yet: a node id stands for one item."""
    used[name] += 1
    if used[name] == 1:
        return name
    return numbered(f"{name} #{used[name]}", used)


def scenario_name(name: str) -> str:
    """Return a scenario's name as it stands in a node id, whose parts `::` separates."""
    return name.replace("::", ":")


def rule_name(name: str) -> str:
    """Return a rule's name as it stands in a node id, which is cut at `::` before its first `[`."""
    return name.replace("::", ":").replace("[", "(").replace("]", ")")


def _label(examples: str, values: Iterable[str]) -> str:
    # A cell may have line breaks in it, written as `\n`.
    label = ", ".join(" ".join(value.split()) for value in values)
    if len(label) > LONGEST_EXAMPLE:
        label = label[:LONGEST_EXAMPLE] + "…"
    return f"{examples}: {label}" if examples else label
