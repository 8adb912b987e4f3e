"""A pytest plugin that writes what each test took into the file that BENCHMARK_PACE names, as a JSON list.

The unit is a fixed piece of work, done before and after the test: a machine that slows down slows both.
"""

import json
import os
import time
from collections.abc import Generator
from pathlib import Path

import pytest

_TOOK: list[float] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Time a test, its fixtures included."""
    before = _work()
    start = time.perf_counter()
    result = yield
    took = time.perf_counter() - start
    _TOOK.append(2 * took / (before + _work()))
    return result


def pytest_unconfigure() -> None:
    """Write it down."""
    Path(os.environ["BENCHMARK_PACE"]).write_text(json.dumps(_TOOK), encoding="utf-8")


def _work() -> float:
    start = time.perf_counter()
    told: dict[int, str] = {}
    for number in range(2_000):
        told[number % 64] = str(number)
    return time.perf_counter() - start
