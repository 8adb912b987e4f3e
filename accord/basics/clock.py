"""The time as it is, whatever a test makes of it."""

import time

# In a tuple, since a time traveller replaces these functions wherever a module has them as attributes.
_CLOCKS = (time.time_ns, time.perf_counter_ns, time.perf_counter)
# time-machine changes `time_ns` itself, wherever it is stored, and leaves `perf_counter` alone: hence the sum.
_OFFSET = _CLOCKS[0]() - _CLOCKS[1]()


def now() -> int:
    """Return the time in nanoseconds since 1970, which no test can freeze or shift."""
    return _OFFSET + _CLOCKS[1]()


def seconds() -> float:
    """Return seconds since some moment, to be compared with each other; no test can freeze or shift them."""
    return _CLOCKS[2]()
