"""The line of a scenario in pytest's short summary: first why it fails, then where it stands, within the width."""

import re

import pytest

from accord.basics.text import visible
from accord.compat.pytest import cause_of, trimmed, width_of

# As much of a line as the place and the name of a scenario may have where both do not fit.
_MOST_OF_PLACE = 0.5
_ASSERTION = re.compile(r"^(?:AssertionError|Failed): ")


def line(report: pytest.TestReport, width: int | None) -> str | None:
    """Return the line of a scenario that failed, without its first word; None for other tests.

    `width` is how many columns there are for it; None where lines may be of any length.
    """
    path, line_number, _name = report.location
    file, _, names = report.nodeid.partition("::")
    # The report of a subtest says more than which test it is of.
    if not file.endswith(".feature") or line_number is None or type(report) is not pytest.TestReport:
        return None
    place = f"{path}:{line_number + 1}"
    cause = _ASSERTION.sub("", re.sub(rf"^{re.escape(file)}:\d+: ", "", cause_of(report)))
    # A line names the scenario as well, and can be handed to pytest: the name is cut before it.
    named = f"{place} {visible(names.rpartition('::')[2])}"
    if width is None:
        return f"{cause} - {named}"
    room = max(width_of(place), int(width * _MOST_OF_PLACE), width - width_of(f"{cause} - "))
    named = trimmed(named, room)
    return f"{trimmed(cause, width - width_of(named) - 3)} - {named}"
