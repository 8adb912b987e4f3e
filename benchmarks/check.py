"""How long `accord check` takes for 700 features: `python -m benchmarks.check`.

4,200 scenarios and 16,800 steps in 20 folders, with 203 step definitions, by a fresh process, with what Python has
compiled and without it. Plugins of pytest's that this repository has for its own tests take no part.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

FEATURES, SCENARIOS, FOLDERS, DEFINITIONS = 700, 6, 20, 200
RUNS = 5
_SCENARIO = """
  Scenario: Case {case}
    Given the task "Task {case}"
    And the step {number} of "a" is open
    When I open the task "Task {case}"
    Then there are {case} tasks
"""
_STEPS = """
from pytest_bdd import given, parsers, then, when


@given(parsers.parse('the task "{title}"'))
async def write(title): ...


@when(parsers.parse('I open the task "{title}"'))
async def open_task(title): ...


@then(parsers.parse("there are {count:d} tasks"))
async def count_tasks(count): ...
"""
_STEP = """

@given(parsers.parse('the step {number} of "{{title}}" is open'))
async def open_step_{number}(title): ...
"""
_WITHOUT = (
    "allure_pytest_bdd",
    "check",
    "django",
    "html",
    "html_fixtures",
    "hypothesispytest",
    "metadata",
    "pytest_cov",
)
_MORE = ("pytest-split", "randomly", "repeat", "rerunfailures", "schemathesis", "timeout", "xdist")


def main() -> None:
    """Print the median of some runs, in seconds."""
    with tempfile.TemporaryDirectory() as directory:
        write(Path(directory))
        nothing = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(Path(directory, "nowhere"))}
        for name, environment in (("compiled", {}), ("not compiled", nothing)):
            # The first one compiles.
            took = [seconds(Path(directory), environment) for _run in range(RUNS + 1)][1:]
            wall, processor = (median(it) for it in zip(*took, strict=True))
            print(f"{FEATURES} features, {name}: {wall:.2f} s, of the processor {processor:.2f} s")


def write(directory: Path) -> None:
    """Write the suite."""
    for number in range(FEATURES):
        folder = directory / "features" / f"area_{number % FOLDERS}"
        folder.mkdir(parents=True, exist_ok=True)
        scenarios = "".join(_SCENARIO.format(case=case, number=number % 50) for case in range(SCENARIOS))
        folder.joinpath(f"feature_{number}.feature").write_text(f"Feature: Number {number}\n{scenarios}")
    steps = "".join(_STEP.format(number=number) for number in range(DEFINITIONS))
    directory.joinpath("conftest.py").write_text(_STEPS + steps)
    without = " ".join(f"-pno:{name}" for name in (*_WITHOUT, *_MORE))
    directory.joinpath("pytest.ini").write_text(f"[pytest]\naddopts = {without}\n")


def seconds(directory: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Return how long the command takes, and how much of that on a processor."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [str(Path(sys.executable).with_name("accord")), "check"]
    began, before = time.perf_counter(), os.times()
    subprocess.run(command, cwd=directory, env=inherited | environment, check=True, stdout=subprocess.DEVNULL)
    took, after = time.perf_counter() - began, os.times()
    return took, after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
