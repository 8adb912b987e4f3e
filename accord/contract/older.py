"""OpenAPI 3.0, whose schemas are almost JSON Schema, read as 3.1, whose schemas are (https://spec.openapis.org/oas/v3.0.4).

Tools that read nothing newer have FastAPI write `3.0.2` above a document of 3.1; others really write 3.0. Both are
read alike, since what the older version has otherwise is known by its looks.
"""

from collections.abc import Mapping
from typing import Any

# Under these a name is the document's own, and no keyword.
_MAPS = {"content", "definitions", "headers", "parameters", "paths", "properties", "responses", "schemas"}
# Values of these are data, whatever it looks like.
_DATA = {"const", "default", "enum", "example", "examples"}
# What besides `type` may refuse null.
_OTHERS = {"$ref", "allOf", "anyOf", "not", "oneOf"}


def modern(node: Any, *, is_map: bool = False) -> Any:
    """Return a document, or a part of one, with `nullable` and boolean `exclusiveMinimum` as JSON Schema says them.

    `nullable` beside a reference counts as well: 3.0 ignores it there, and who writes it means it.
    """
    if isinstance(node, list):
        return [modern(part) for part in node]
    if not isinstance(node, Mapping):
        return node
    if is_map:
        return {name: modern(part) for name, part in node.items()}
    found = {
        name: part if name in _DATA or str(name).startswith("x-") else modern(part, is_map=name in _MAPS)
        for name, part in node.items()
    }
    for limit in ("minimum", "maximum"):
        exclusive = f"exclusive{limit.capitalize()}"
        if isinstance(is_exclusive := found.get(exclusive), bool):
            del found[exclusive]
            if is_exclusive and limit in found:
                found[exclusive] = found.pop(limit)
    is_nullable = found.get("nullable")
    if isinstance(is_nullable, bool):
        del found["nullable"]
    return _or_null(found) if is_nullable is True else found


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that also takes null."""
    if _OTHERS.isdisjoint(schema) and isinstance(schema.get("type"), str):
        values = {"enum": [*schema["enum"], None]} if isinstance(schema.get("enum"), list) else {}
        return schema | values | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
