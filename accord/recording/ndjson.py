"""Lines of a messages file: JSON, one message a line."""

import json
from typing import Any, NoReturn

import orjson


def dumps(value: Any) -> str:
    """Return the value as JSON, on one line. Half a character, which may be part of what was sent, is escaped."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # orjson writes neither half a character nor an integer of more than 64 bits.
        return json.dumps(value, separators=(",", ":"))


def loads(line: bytes | str) -> Any:
    """Return what the JSON says. Raises ValueError, and RecursionError where it nests too deeply.

    A number may be larger than others can read, and a text have half a character: orjson takes neither.
    """
    try:
        return orjson.loads(line)
    except ValueError:
        return json.loads(line, parse_constant=_no_number)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON's")
