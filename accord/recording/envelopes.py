"""Envelopes of Cucumber Messages (https://github.com/cucumber/messages): how their lines, ids and times are written."""

import hashlib
from typing import Any

from accord.recording import ndjson

Envelope = dict[str, Any]
"""One message, by its kind."""

# In seconds: later than any year that has a date.
_LARGEST_TIME = 1e12


def line(envelope: Envelope) -> str:
    """Return the envelope as a line of a messages file."""
    return ndjson.dumps(envelope) + "\n"


def timestamp(nanoseconds: int) -> dict[str, int]:
    """Return a time since 1970, or a duration, as messages write both."""
    seconds, nanos = divmod(nanoseconds, 1_000_000_000)
    return {"seconds": seconds, "nanos": nanos}


def seconds(time: dict[str, Any]) -> float:
    """Return a time or duration of a message in seconds. Raises ValueError for what is not one, or is too large."""
    return _number(time, "seconds") + _number(time, "nanos") / 1e9


def _number(time: dict[str, Any], name: str) -> float:
    number = time[name]
    # A bool is an int to Python, and no number to JSON; a NaN is not smaller than anything.
    if type(number) not in (int, float) or not abs(number) < _LARGEST_TIME:
        raise ValueError(f"{name} is not a number, or too large a one")
    return float(number)


def case_id(nodeid: str) -> str:
    """Return the id of the test case that the item of that node id is: the same on every machine."""
    return hashed(nodeid)


def hashed(text: str) -> str:
    """Return an id for what the text stands for."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
