"""The clock, which no test may leave stopped, set or replaced."""

import datetime
import sys
import time
from types import ModuleType
from typing import Any

from accord.compat.freezegun import MODULE, is_of_freezegun
from accord.compat.time_machine import is_time_travelling, stop_time_travel
from accord.guards.guarded import Guarded, Reading

_OF_TIME = ["time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"]
_OF_TIME += ["gmtime", "localtime", "strftime"]
_REPLACEABLE = [
    *((time, name, f"time.{name}") for name in _OF_TIME),
    (datetime, "datetime", "datetime.datetime"),
    (datetime, "date", "datetime.date"),
]
# In a tuple, since freezegun replaces these functions wherever a module has them as attributes.
_CLOCKS = (time.time, time.perf_counter)
# No clock is set right by as much as this between two readings.
_TOLERATED_SECONDS = 1


class Clock(Guarded):
    """The time, and what gives it in Python's modules `time` and `datetime`.

    time-machine is ended, whoever began it. freezegun has no public way for that: what it replaced is put back, and the
    sentence says that it can't be used any more.
    """

    name = "the clock"

    def __init__(self) -> None:
        self._apart = _seconds_apart()

    def read(self) -> Reading:
        """Return what gives the time, and whether it is right."""
        apart = _seconds_apart()
        is_right = abs(apart - self._apart) <= _TOLERATED_SECONDS
        if is_right:  # In a long run, the clock is set right little by little.
            self._apart = apart
        return {
            **{part: getattr(module, name) for module, name, part in _REPLACEABLE},
            "time travel": "under way" if is_time_travelling() else "over",
            "the time": "right" if is_right else "wrong",
        }

    def restore(self, before: Reading) -> None:
        """Put back what gives the time."""
        if before["time travel"] == "over":
            stop_time_travel()
        fakes = {}
        for module, name, part in _REPLACEABLE:
            fake, real = getattr(module, name), before[part]
            setattr(module, name, real)
            if fake is not real and is_of_freezegun(fake):
                fakes[id(fake)] = real
        if fakes:
            _put_back_where_imported(fakes)

    def sentence(self, changes: list[str]) -> str:
        """Say as well what can't be put back."""
        sentence = super().sentence(changes)
        if is_of_freezegun(time.time):
            sentence += " Only what began freezegun can end it: later tests of this run can't freeze the time with it."
        return sentence

    def value(self, value: Any) -> str:
        """Show what gives the time."""
        return value if isinstance(value, str) else super().value(value)


def _seconds_apart() -> float:
    wall, steady = _CLOCKS
    # Both go on alike, so that the difference changes only when one of them is set. time-machine sets the first alone.
    return wall() - steady()


def _put_back_where_imported(fakes: dict[int, Any]) -> None:
    """Put back what freezegun replaced in modules that have it by name, as after `from datetime import datetime`."""
    # Copies, here and below: to look at a module may have it import another, and set attributes.
    for module in list(sys.modules.values()):
        # freezegun itself needs its fakes. Some packages put objects of other kinds into `sys.modules`.
        if isinstance(module, ModuleType) and module.__name__ != MODULE:
            for name, value in list(vars(module).items()):
                if id(value) in fakes:
                    setattr(module, name, fakes[id(value)])
