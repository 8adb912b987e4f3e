"""A pytest plugin that writes of each test when it ended, the seconds it took, and the most KB of memory by then.

The file is the one named BENCHMARK_PACE.

Two runs that are given the same BENCHMARK_LOCK, a file to lock, take turns of ten tests.
"""

import json
import os
import resource
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from filelock import FileLock

from benchmarks.suites import BEHAVIOURS

_TESTS: list[tuple[float, float, int]] = []
_LOCK = FileLock(os.environ["BENCHMARK_LOCK"], poll_interval=0.001) if "BENCHMARK_LOCK" in os.environ else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Time a test, its fixtures included."""
    if _LOCK is not None and len(_TESTS) % BEHAVIOURS == 0:
        _LOCK.acquire()
    start = time.perf_counter()
    result = yield
    end = time.perf_counter()
    _TESTS.append((end, end - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
    if _LOCK is not None and len(_TESTS) % BEHAVIOURS == 0:
        _LOCK.release()
        time.sleep(0.003)  # Long enough for the other one to take its turn.
    return result


def pytest_unconfigure() -> None:
    """Write it down."""
    Path(os.environ["BENCHMARK_PACE"]).write_text(json.dumps(_TESTS), encoding="utf-8")
