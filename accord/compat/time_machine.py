"""What Accord uses of time-machine, where a project has it, that is not documented. Nothing of it is imported here."""

import sys
from typing import Any


def is_time_travelling() -> bool:
    """Whether a journey is under way."""
    time_machine: Any = sys.modules.get("time_machine")
    return time_machine is not None and bool(time_machine.escape_hatch.is_travelling())


def stop_time_travel() -> None:
    """End all journeys, whoever began them: one more journey that ends takes the last of those with it."""
    time_machine: Any = sys.modules.get("time_machine")
    while is_time_travelling():
        # `stop` takes the last journey off a stack that all share, whichever object it is called on.
        time_machine.travel(0).stop()
