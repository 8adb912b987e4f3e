"""Features that Python modules bind, by pytest-bdd's `scenarios()` or `@scenario`: they run there, and nowhere else.

What pytest-bdd makes of them holds: which scenarios run, and with which steps. They are recorded as any other.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from accord.basics.source import relative
from accord.compat.pytest_bdd import GherkinParseError, bound_scenario
from accord.errors import EmptyFeatureError
from accord.gherkin.document import Document, read
from accord.gherkin.item import Scenario


def features_of(items: Iterable[pytest.Item]) -> list[Path]:
    """Return the feature files that modules bind."""
    bound = (found for item in items if (found := bound_scenario(item)) is not None)
    return list(dict.fromkeys(Path(template.feature.filename) for template, _values in bound))


def without(items: Iterable[pytest.Item], features: Iterable[Path]) -> list[pytest.Item]:
    """Return the items but for those that these feature files were collected as."""
    paths = set(features)
    return [item for item in items if not (isinstance(item, Scenario) and item.path in paths)]


def document_of(feature: Path, rootpath: Path) -> Document | None:
    """Return what a feature file has, or None where only pytest-bdd can read it."""
    try:
        return read(feature, relative(feature, rootpath))
    except (GherkinParseError, EmptyFeatureError, OSError, UnicodeDecodeError):
        return None
