"""The ids of several runs held apart: other tools than Accord may count, and begin anew in each run."""

from typing import Any


def renamed(node: Any, run: str) -> Any:
    """Return a message, or a part of it, with the name of its run behind each id, and each that it refers to.

    Raises RecursionError where it nests too deeply.
    """
    if isinstance(node, list):
        return [renamed(value, run) for value in node]
    if not isinstance(node, dict):
        return node
    return {name: _renamed(name, value, run) for name, value in node.items()}


def _renamed(name: str, value: Any, run: str) -> Any:
    # The protocol names all of them so: `id`, `testCaseId`, `astNodeIds`.
    if name == "id" or name.endswith("Id"):
        return value + run if isinstance(value, str) and value else value
    if name.endswith("Ids") and isinstance(value, list):
        return [it + run if isinstance(it, str) else it for it in value]
    return renamed(value, run)
