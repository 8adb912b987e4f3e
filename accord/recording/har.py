"""What went over the wire, as entries of HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), without secrets."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from accord.recording import ndjson
from accord.recording.redaction.redaction import Redaction
from accord.recording.redaction.values import END

Entry = dict[str, Any]

LONGEST_BODY = 16_384
"""How many characters of a body are recorded."""

_CREATOR = {"name": "accord", "version": version("accord")}
# Fields of an entry that nobody sent, so that no secret is in them.
_OWN = frozenset({"startedDateTime", "httpVersion", "_operation"})


def hidden(redaction: Redaction, exchange: Entry) -> Entry:
    """Return an entry without any value that is known to be secret by now."""
    # One look at all of it says whether there is any: most exchanges have secrets under their names only.
    # With a character between that no value has, so that none is found across two of them.
    together = "\0".join(_strings(exchange))
    if len(together) < LONGEST_BODY and redaction.hide(together) == together:
        return exchange
    found: Entry = _hidden(redaction, exchange)
    return found


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, (dict, list)):
        for part in node.values() if isinstance(node, dict) else node:
            yield from _strings(part)


def _hidden(redaction: Redaction, node: Any) -> Any:
    if isinstance(node, str):
        return redaction.hide(node, END if len(node) >= LONGEST_BODY else None)
    if isinstance(node, dict):
        return {name: part if name in _OWN else _hidden(redaction, part) for name, part in node.items()}
    return [_hidden(redaction, part) for part in node] if isinstance(node, list) else node


def archive(entries: list[Entry]) -> str:
    """Return a HAR file of the entries."""
    # A lone half of a character has no UTF-8, so all but ASCII is escaped.
    return ndjson.dumps({"log": {"version": "1.2", "creator": _CREATOR, "entries": entries}})
