"""A pytest plugin that notes when the first step is carried out, in the file that BENCHMARK_BEGUN names."""

import os
import time
from pathlib import Path


def pytest_bdd_before_step_call() -> None:
    """Note the time, as `time.perf_counter` tells it to every process."""
    begun = Path(os.environ["BENCHMARK_BEGUN"])
    if not begun.exists():
        begun.write_text(str(time.perf_counter()), encoding="utf-8")
