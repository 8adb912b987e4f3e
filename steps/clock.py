"""The time of day, which stands still once a scenario says what it is."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from pytest_bdd import given

from steps import parsers


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until a step sets it."""
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@given(parsers.parse("it is {moment}"))
def set_clock(clock: time_machine.Traveller, moment: datetime) -> None:
    clock.move_to(moment)
