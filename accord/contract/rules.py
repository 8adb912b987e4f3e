"""By which rules the responses of a run are checked against the contract."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """What of an app's responses must be in its document."""

    STRICT = "strict"
    """All."""
    DOCUMENTED = "documented"
    """All but statuses of the 4xx class, which are listed at the end of the run."""
    OFF = "off"
    """Nothing: no response is checked."""


@dataclass(frozen=True)
class Rules:
    """The rules of a run."""

    mode: Mode = Mode.DOCUMENTED
    formats: bool = True
    """Whether the formats of schemas are checked, such as `date-time`."""
