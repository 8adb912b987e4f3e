"""`@wip`: a scenario that is ahead of the code is expected not to hold yet, and fails once it does."""

from contextlib import suppress
from pathlib import Path

import pytest

from accord.basics.source import relative
from accord.compat.pytest_bdd import GherkinParseError, bound_scenario, is_handled
from accord.errors import EmptyFeatureError
from accord.gherkin.document import read
from accord.gherkin.rules.tags import SETTING, marker

TAG = "wip"
_MARKER = f"{TAG}: a scenario that is not yet implemented: it is expected not to hold, and fails once it does"
REASON = f"@{TAG}: not yet implemented"
_EXPECTED = pytest.mark.xfail(strict=True, reason=REASON)
# What pytest says of a test that passes against a strict expectation.
_HOLDS = "[XPASS(strict)]"


def add_marker(config: pytest.Config) -> None:
    """Have the tag be known, and a mark that `-m` takes."""
    config.addinivalue_line("markers", _MARKER)


def expecting(config: pytest.Config, tags: set[str]) -> list[pytest.MarkDecorator]:
    """Return the marks of what is expected of a scenario with these tags: none where the suite has its own meaning."""
    return [_EXPECTED] if TAG in tags and not _is_own(config) else []


def expect_of_bound(items: list[pytest.Item], config: pytest.Config) -> None:
    """Expect the same of scenarios that Python modules bind, where that is strict; else pytest-bdd has its way."""
    if config.getini("accord_strict") and not _is_own(config):
        for item in items:
            if item.get_closest_marker(TAG) is not None and bound_scenario(item) is not None:
                item.add_marker(_EXPECTED)


def is_expected_to_fail(item: pytest.Item) -> bool:
    """Return whether a scenario is expected to fail, by this tag or by `@xfail`."""
    return item.get_closest_marker("xfail") is not None


def say_that_it_holds(report: pytest.TestReport, item: pytest.Item, feature: Path, line: int) -> None:
    """Have the report of a scenario that was expected not to hold say where the tag stands that is to be removed.

    `line` is the scenario's, or its row's of the examples.
    """
    said = report.longrepr if isinstance(report.longrepr, str) else ""
    # With a reason of its own it is not this tag that says so.
    tag = TAG if said == f"{_HOLDS} {REASON}" else "xfail" if said.strip() == _HOLDS else None
    if tag is None:
        return
    uri = relative(feature, item.config.rootpath)
    with suppress(GherkinParseError, EmptyFeatureError, OSError, UnicodeDecodeError):
        document = read(feature, uri)
        lines = document.lines_of_tag(f"@{tag}", line)
        if not lines:
            return
        first, *others = lines
        above = ", or give it to those alone that do not hold yet" if len(document.concerned(first)) > 1 else ""
        also = f", and in line {' and '.join(map(str, others))}" if others else ""
        report.longrepr = (
            f"{uri}:{first}: `{item.name}` holds, and is tagged @{tag}, which says that it does not yet: "
            f"remove the tag here{also}{above}."
        )


def _is_own(config: pytest.Config) -> bool:
    """Return whether the suite has a tag of that name of its own: a marker, an entry in `accord_tags`, or a hook."""
    lines = [line for line in config.getini("markers") if line != _MARKER]
    return TAG in map(marker, lines) or TAG in config.getini(SETTING) or is_handled(config, TAG)
