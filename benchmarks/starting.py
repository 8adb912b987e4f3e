"""What a run does until its first step: its stages, and what it imports that the app and pytest do not need."""

import os
import re
import statistics
import subprocess
import sys
from collections import Counter, defaultdict

from benchmarks.measuring import Command, MeasuringError, run
from benchmarks.suites.first import FIRST_STEP, OTHERS

ROUNDS = 7
SHOWN = 5
"""Milliseconds: what takes less is shown together."""


def starting(first: Command, imports: Command) -> str:
    """Return two tables of runs until the first scenario: medians of the stages, and what one imports beyond others."""
    stages: dict[str, list[float]] = defaultdict(list)
    for number in range(ROUNDS + 1):
        for stage, took in _stages(first).items():
            if number:  # The first one warms up.
                stages[stage].append(1_000 * took)
    lines = ["Where it goes, in other runs, with the server's data in memory:", "", "| stage | ms |", "|---|---:|"]
    stages[OTHERS] = stages.pop(OTHERS)
    lines += [f"| {stage} | {statistics.median(took):.0f} |" for stage, took in stages.items()]
    more = _imported(first)
    for module in _imported(imports):
        more.pop(module, None)
    packages: Counter[str] = Counter()
    for module, microseconds in more.items():
        packages[module.partition(".")[0]] += microseconds
    large = {package: took for package, took in packages.most_common() if took >= SHOWN * 1_000}
    lines += [
        "",
        "| imported beyond the app and pytest | ms, timed by `-X importtime`, which adds to it |",
        "|---|---:|",
    ]
    lines += [f"| {package} | {took / 1_000:.0f} |" for package, took in large.items()]
    lines += [f"| {len(packages) - len(large)} others | {(packages.total() - sum(large.values())) / 1_000:.0f} |"]
    return "\n".join(lines)


def _stages(command: Command) -> dict[str, float]:
    """Run the command once; return the seconds that each stage took."""
    assert command.until is not None
    seconds = run(command).seconds
    lines = [line.partition(" ") for line in command.until.read_text(encoding="utf-8").splitlines()]
    ends = [float(ended) for ended, _, _stage in lines]
    stages: dict[str, float] = defaultdict(float)
    for (*_, stage), began, ended in zip(lines, [ends[-1] - seconds, *ends], ends, strict=False):
        stages[stage] += ended - began
    return stages


def _imported(command: Command) -> dict[str, int]:
    """Run the command once; return the microseconds of each module alone, to the first step. Raises MeasuringError."""
    command.before()
    capture = []
    if command.until is not None:
        command.until.unlink(missing_ok=True)
        # Else pytest would keep what is said of the conftest files to itself.
        capture = ["--capture=no"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command.arguments, *capture],
        cwd=command.directory,
        env=environment | command.environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise MeasuringError(done.stdout[-3_000:])
    until = done.stderr.partition(FIRST_STEP)[0]
    return {name: int(took) for took, name in re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", until, re.M)}
