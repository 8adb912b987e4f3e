"""The event loop of the run: async steps, Accord's fixtures, and the project's own under them share the session's.

A database connection is bound to the loop on which it was opened. pytest-asyncio gives each test a loop of its own
unless it is configured otherwise, which other tests of the project may need: what is set here holds while a test is set
up and runs that has part in Accord, and for no other.
"""

from collections.abc import Iterable

import pytest

from accord.compat.pytest_asyncio import FIXTURE_SCOPE, SCOPE_OF_FIXTURE, set_defaults
from accord.compat.pytest_bdd import bound_scenario
from accord.running import is_scenario, stop_run
from accord.steps.definitions import Definitions

# A test that uses one of these, be it through others, needs the session's loop.
_FIXTURES = {"database_url", "isolation", "session_loop"}


class EventLoop:
    """Has pytest-asyncio use the session's loop where a test needs it, and only there."""

    def __init__(self, config: pytest.Config, definitions: Definitions) -> None:
        self._config = config
        self._definitions = definitions
        self._configured: str | None = config.getini(FIXTURE_SCOPE)
        # What it means not to be set, of which pytest-asyncio would warn: nobody has to set it for Accord.
        self._scope = self._configured or SCOPE_OF_FIXTURE
        self._mode: str | None = config.option.asyncio_mode
        set_defaults(config, self._scope, self._mode)

    def collected(self, items: Iterable[pytest.Item]) -> None:
        """Have async tests that need the session's loop run on it; stops the run where the settings rule that out."""
        tests = [item for item in items if _uses_accord(item) and not is_scenario(item)]
        if self._configured not in (None, "session") and (
            tests or any(is_scenario(item) and self._definitions.are_async(item) for item in items)
        ):
            stop_run(
                self._config,
                f"{FIXTURE_SCOPE} is {self._configured}, so that async fixtures would not share the event loop of "
                f"async steps: set it to session, or remove it, or give this run -o {FIXTURE_SCOPE}=session.",
            )
        for test in tests:
            self._lead(test)

    def begin(self, item: pytest.Item) -> None:
        """A test begins."""
        # What a module binds has loops as it had them, unless it has async steps, which pytest-bdd never awaited.
        if is_scenario(item) and (bound_scenario(item) is None or self._definitions.are_async(item)):
            # A fixture that is async and no more than that is nobody's else, unless anyio's plugin takes part.
            is_of_anyio = "anyio_backend" in getattr(item, "fixturenames", ())
            set_defaults(self._config, "session", self._mode if is_of_anyio else "auto")
        else:
            set_defaults(self._config, "session" if _uses_accord(item) else self._scope, self._mode)

    def _lead(self, test: pytest.Item) -> None:
        """Have a test run on the session's loop, if pytest-asyncio runs it."""
        if (marker := test.get_closest_marker("asyncio")) is None:
            return
        scope = marker.kwargs.get("loop_scope") or marker.kwargs.get("scope")
        if scope is None:
            test.add_marker(pytest.mark.asyncio(**marker.kwargs, loop_scope="session"), append=False)
        elif scope != "session":
            stop_run(
                self._config,
                f'{test.nodeid} is marked with loop_scope="{scope}", and uses the run\'s database, whose connections '
                'are on the loop of the session: mark it with loop_scope="session", or leave that out.',
            )


def _uses_accord(item: pytest.Item) -> bool:
    return not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
