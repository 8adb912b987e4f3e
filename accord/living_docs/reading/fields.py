"""Fields of messages, which may have any value: each is taken as what it should be, or it is a ValueError."""

import re
from textwrap import dedent
from typing import Any

from accord.basics.source import location
from accord.basics.text import one_line
from accord.living_docs.reading.ids import UsedIdError
from accord.living_docs.run import Failure
from accord.living_docs.state import STATES
from accord.living_docs.words import plain
from accord.recording import ndjson

Json = dict[str, Any]

_STATUSES = {status: status for status in STATES}
# What checks raise, in Python, JavaScript, Java, .NET and Ruby.
_ASSERTION = re.compile(r"assert|expectation|comparison|xunit|shouldly", re.IGNORECASE)
# What pytest ends a test with, what a step raises that is still to be written, and what JavaScript calls any error.
_SAYING_NOTHING = {"Failed", "Failure", "Skipped", "Exit", "XFailed", "Crash", "NotImplementedError", "Error"}
_LAST_NAME = re.compile(r"[.:$/\\]")


def digest_of(message: Json, kind: str, before: int | None) -> int | None:
    """Return a digest of a message that has an id of its own; None if it was there `before`.

    A message may occur twice, as in files that somebody joined. Raises UsedIdError where another one of that id was.
    """
    # In place of the message, of which there may be very many.
    digest = hash(ndjson.dumps(message))
    if before is not None and before != digest:
        raise UsedIdError(f"the {kind} {message['id']!r} occurs twice, with different content")
    return digest if before is None else None


def object_of(value: Any, name: str) -> Json:
    """Return an object."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not an object")
    return value


def list_of(node: Json, name: str) -> list[Any]:
    """Return the list of that name, or an empty one: protocols before 16 leave out what is empty."""
    found = node.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise ValueError(f"{name} is not a list")
    return found


def text_of(node: Json, name: str) -> str:
    """Return the text of that name, or an empty one: messages leave out what is empty.

    An object is what JavaScript writes of a regular expression, or of anything else that is no text, such as options.
    """
    text = node.get(name)
    if text is None or isinstance(text, dict):
        return ""
    if not isinstance(text, str):
        raise ValueError(f"{name} is not text")
    return text


def add(known: dict[str, Any], node: Json, value: object) -> None:
    """Note something under the id of its node. Raises UsedIdError where something else has that id."""
    if known.setdefault(node["id"], value) is not value:
        raise UsedIdError(f"the id {node['id']!r} is used twice")


def title_of(node: Json) -> tuple[str, str, str]:
    """Return keyword, name and description."""
    # Gherkin leaves the indentation of the file in a description.
    return text_of(node, "keyword"), text_of(node, "name"), dedent(text_of(node, "description")).strip()


def tags_of(node: Json) -> tuple[str, ...]:
    """Return the names of the tags."""
    return tuple(text_of(tag, "name") for tag in list_of(node, "tags"))


def cells_of(row: Json) -> list[str]:
    """Return the cells of a row of a table."""
    return [text_of(cell, "value") for cell in list_of(row, "cells")]


def line_of(node: Json) -> int | None:
    """Return the line at which a node begins; None where it does not say."""
    line = (node.get("location") or {}).get("line")
    return line if isinstance(line, int) else None


def argument_of(node: Json) -> tuple[list[list[str]] | None, str | None]:
    """Return the table and the doc string of a step."""
    table, doc = node.get("dataTable"), node.get("docString")
    rows = [cells_of(row) for row in list_of(table, "rows")] if table else None
    return rows, text_of(doc, "content") if doc else None


def failure_of(result: Json) -> Failure | None:
    """Return why it failed, if it says so: older messages have no exception, others have its trace alone."""
    exception = result.get("exception") or {}
    trace, kind, whole = text_of(exception, "stackTrace"), text_of(exception, "type"), text_of(result, "message")
    message = text_of(exception, "message") or whole or kind
    # cucumber-js 8 and 9 have it in the message of the result alone.
    if not trace and whole != message:
        trace = whole
    if message and _needs_class(kind, message, trace):
        message = f"{kind}: {message}"
    return Failure(message or trace, trace, kind) if message or trace else None


def _needs_class(kind: str, message: str, trace: str) -> bool:
    """Return whether a message says too little without its class, as that of a KeyError, which is a key."""
    names = tuple(filter(None, (kind, _LAST_NAME.split(kind)[-1])))
    # What is all that there is to show is a sentence for people.
    if not names or kind in _SAYING_NOTHING or _ASSERTION.search(kind):
        return False
    return message.strip() != trace.strip() and not plain(message).lstrip().startswith(names)


def status_of(result: Json) -> str:
    """Return the status; one that a later version of the protocol may have is as it is there."""
    # There are very many results, and few statuses, of which each is one object.
    return _STATUSES.get(result.get("status") or "UNKNOWN") or one_line(text_of(result, "status"))


def location_of(source: Json) -> str:
    """Return where something is defined: `file:line`, or the method where Java or .NET wrote the messages."""
    if method := source.get("javaMethod"):
        return f"{text_of(method, 'className')}.{text_of(method, 'methodName')}"
    line, element = line_of(source), source.get("javaStackTraceElement") or {}
    uri = text_of(source, "uri") or text_of(element, "fileName")
    return uri if line is None else location(uri, line)
