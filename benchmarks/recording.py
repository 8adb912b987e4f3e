"""What recording and publishing a run costs, in whole processes, taken in turn.

    uv run python -m benchmarks.recording [SCENARIOS [PAIRS]]

The scenarios are written for the purpose, in sentences of the features. Prints for each pair
the seconds that pytest says its run took, and those of the whole process; then the medians of the ratios.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
A_FEATURE = 50
SCENARIO = """
  Scenario: Task {number} is written down, and completed
    Given the tasks "Task {number}, Another"
    When I complete the task "Task {number}"
    Then the task "Task {number}" is completed
    And the list shows "Task {number}, Another"
"""


def write_features(folder: Path, scenarios: int) -> None:
    """Write so many scenarios, some to a feature."""
    folder.mkdir()
    for first in range(0, scenarios, A_FEATURE):
        numbers = range(first, min(first + A_FEATURE, scenarios))
        told = "".join(SCENARIO.format(number=number) for number in numbers)
        folder.joinpath(f"tasks_{first}.feature").write_text(f"Feature: Tasks from {first}\n{told}", encoding="utf-8")


def run(directory: Path, *arguments: str) -> tuple[float, float]:
    """Run the features; returns pytest's seconds and the process's."""
    command = [sys.executable, "-m", "pytest", "many", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments]
    start = time.perf_counter()
    finished = subprocess.run(command, cwd=directory, check=True, stdout=subprocess.PIPE, text=True)
    took = time.perf_counter() - start
    said = re.search(r"passed in ([\d.]+)s", finished.stdout)
    assert said, finished.stdout
    return float(said[1]), took


def main() -> None:
    """Measure pairs, and print the medians of their ratios."""
    scenarios, pairs = map(int, [*sys.argv[1:], *("1000", "5")[len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name, "accord")
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(directory)], check=True)
        write_features(directory / "many", scenarios)
        run(directory)  # warms up
        ratios = []
        for _ in range(pairs):
            off, on = run(directory, "--accord-docs="), run(directory)
            ratios.append([with_it / without for with_it, without in zip(on, off, strict=True)])
            print(f"off {off[0]:.2f} s (process {off[1]:.2f}), on {on[0]:.2f} s (process {on[1]:.2f})", flush=True)
        ran, process = (statistics.median(column) for column in zip(*ratios, strict=True))
        print(f"{scenarios} scenarios: recording takes {ran:.3f} of the run without; with the document {process:.3f}")


if __name__ == "__main__":
    main()
