"""What keeps an app that is served from a database that is not for tests, as long as no engine is led to the run's."""

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from accord.database.given import SUFFIX
from accord.errors import UsageError
from accord.running import SERVED

LEADING: list[Any] = []
"""What leads engines now, the innermost last: a run may be within a run, as tests of plugins are."""


def listen() -> None:
    """Have each connection checked from now on, if anything that runs uses SQLAlchemy by now."""
    if "sqlalchemy" in sys.modules:
        _listen()


@cache
def _listen() -> None:
    from sqlalchemy import Engine, event

    event.listen(Engine, "do_connect", _check)


def _check(dialect: Any, _record: object, _arguments: object, parameters: Mapping[str, Any]) -> None:
    """Raise UsageError where an app that Accord serves reaches a database that is not for tests."""
    if LEADING or dialect.name != "postgresql":
        return
    name = parameters.get("database") or parameters.get("dbname") or ""
    if (served := SERVED.get()) is not None and not name.endswith(SUFFIX):
        raise UsageError(
            f'{served.name} connects to the database "{name}" at {parameters.get("host") or "localhost"}, and this run '
            "has none of its own yet: request the fixture `database_url`, by which each engine is led to one."
        )
