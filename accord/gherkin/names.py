"""What the items of a feature file are called: pytest's node ids are made of it, and read back."""

from collections.abc import Iterable

LONGEST_EXAMPLE = 60
"""As many characters as a name has of an example's values."""


def item_name(name: str) -> str:
    """Return a scenario's name as it stands in a node id, where `::` separates."""
    return name.replace("::", ":")


def rule_name(name: str) -> str:
    """Return a rule's name as it stands in a node id, which is cut at `::` before its first `[`."""
    return item_name(name).replace("[", "(").replace("]", ")")


def example_label(examples: str | None, values: Iterable[str]) -> str:
    """Return what stands in brackets after an outline's name: the values of an example, and the name of their table."""
    label = ", ".join(" ".join(value.split()) for value in values)
    if len(label) > LONGEST_EXAMPLE:
        label = label[:LONGEST_EXAMPLE] + "…"
    return f"{examples}: {label}" if examples else label
