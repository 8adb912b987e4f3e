"""The environment, which no test may leave changed."""

import os
import sys
from collections.abc import MutableMapping
from typing import Any

from accord.guards.guarded import Guarded, Reading, differing

if sys.platform == "win32":
    _VARIABLES: MutableMapping[Any, Any] = os.environ
    _RUNNING_TEST: Any = "PYTEST_CURRENT_TEST"
else:
    # The same variables, but not decoded, which takes longer than to read them.
    _VARIABLES = os.environb
    _RUNNING_TEST = b"PYTEST_CURRENT_TEST"


class Environment(Guarded):
    """`os.environ`, but for the variable that pytest sets anew for each phase of each test."""

    name = "os.environ"

    def read(self) -> Reading:
        """Return the variables."""
        variables = dict(_VARIABLES)
        variables.pop(_RUNNING_TEST, None)
        return variables

    def restore(self, before: Reading) -> None:
        """Set those that were, and no others."""
        for name in differing(before, self.read()):
            if name in before:
                _VARIABLES[name] = before[name]
            else:
                del _VARIABLES[name]

    def part(self, part: Any) -> str:
        """Name a variable."""
        return os.fsdecode(part)

    def value(self, value: Any) -> str:
        """Show its value."""
        return super().value(os.fsdecode(value) if isinstance(value, bytes) else value)
