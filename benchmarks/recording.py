"""What recording and publishing a run costs, in whole processes, taken in turn.

    uv run python -m benchmarks.recording [SCENARIOS [PAIRS]]

The scenarios are written for the purpose, in sentences of the features. Prints for each pair the processor's seconds of
both runs, and those of making the document, which ends the second; then the medians of the ratios.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
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
RENDER = """
import time
from pathlib import Path
from accord import living_docs
start = time.process_time()
living_docs.write(Path("living-docs/messages.ndjson"), Path("again"), Path("living-docs/messages.before.ndjson"))
print(time.process_time() - start)
"""


def write_features(folder: Path, scenarios: int) -> None:
    """Write so many scenarios, some to a feature."""
    folder.mkdir()
    for first in range(0, scenarios, A_FEATURE):
        numbers = range(first, min(first + A_FEATURE, scenarios))
        told = "".join(SCENARIO.format(number=number) for number in numbers)
        folder.joinpath(f"tasks_{first}.feature").write_text(f"Feature: Tasks from {first}\n{told}", encoding="utf-8")


def run(directory: Path, *arguments: str) -> float:
    """Run the features; returns the processor's seconds."""
    command = [sys.executable, "-m", "pytest", "many", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments]
    before = processor_seconds()
    subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    return processor_seconds() - before


def render(directory: Path) -> float:
    """Make the document again; returns the processor's seconds of that alone."""
    made = subprocess.run([sys.executable, "-c", RENDER], cwd=directory, check=True, stdout=subprocess.PIPE)
    return float(made.stdout)


def processor_seconds() -> float:
    """Return what all processes that have ended took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure pairs, and print the medians of their ratios."""
    scenarios, pairs = map(int, [*sys.argv[1:], *("1000", "5")[len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name, "accord")
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(directory)], check=True)
        write_features(directory / "many", scenarios)
        run(directory)  # warms up
        recording, rendering = [], []
        for _ in range(pairs):
            off, on, document = run(directory, "--accord-docs="), run(directory), render(directory)
            recording.append((on - document) / off)
            rendering.append(document / off)
            print(f"off {off:.2f} s, on {on:.2f} s, of which {document:.2f} s for the document", flush=True)
        told = f"{statistics.median(recording):.3f}; document / run: {statistics.median(rendering):.3f}"
        print(f"{scenarios} scenarios: recorded / not: {told}")


if __name__ == "__main__":
    main()
