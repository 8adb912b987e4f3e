"""Whole processes, timed: each beside the others, in turn, so that a busy machine slows all of them alike."""

import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ACCORD = str(Path(sysconfig.get_path("scripts"), "accord"))
"""The command, as what Python is given to run."""


@dataclass(frozen=True)
class Command:
    """What is run, where; `says` must be in what it prints, so that no run is counted that did less."""

    arguments: Sequence[str]
    directory: Path
    says: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None
    """Called before each run; it is not timed."""
    until: Path | None = None
    """A file whose last line begins with what `time.perf_counter` says where the timing ends; the run writes it."""


@dataclass(frozen=True)
class Run:
    """What a run took: seconds, the processor's seconds without the database server's, MB of memory at the peak."""

    seconds: float
    processor: float
    megabytes: float


class MeasuringError(Exception):
    """A process failed, or did something else than it should have."""


def run(command: Command) -> Run:
    """Run the command once. Raises MeasuringError."""
    command.before()
    if command.until is not None:
        command.until.unlink(missing_ok=True)
    # A user's Python keeps what it compiled.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *command.arguments],
            cwd=command.directory,
            env=environment | command.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if command.until is not None and command.until.exists():
        seconds = float(command.until.read_text(encoding="utf-8").splitlines()[-1].partition(" ")[0]) - start
    if process.returncode or command.says not in text:
        raise MeasuringError(
            f"{' '.join(command.arguments)}: exit code {process.returncode}, no {command.says!r}:\n{text[-3000:]}"
        )
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


@dataclass(frozen=True)
class Compared:
    """The runs of several commands, by their names; each list has one run a round."""

    runs: dict[str, list[Run]]

    def ratio(self, name: str, to: str, of: Callable[[Run], float] = lambda run: run.seconds) -> float:
        """Return the median of the rounds' ratios."""
        pairs = zip(self.runs[name], self.runs[to], strict=True)
        return statistics.median(of(run) / of(other) for run, other in pairs)

    def median(self, name: str, of: Callable[[Run], float] = lambda run: run.seconds) -> float:
        """Return the median of the rounds."""
        return statistics.median(map(of, self.runs[name]))

    def table(self) -> str:
        """Return a Markdown table; ratios are to what comes first."""
        first = next(iter(self.runs))
        lines = ["| | seconds | ratio | ratio of processor time | MB at the peak |", "|---|---:|---:|---:|---:|"]
        for name in self.runs:
            ratios = self.ratio(name, first), self.ratio(name, first, _processor)
            cells = f"{self.median(name):.2f} | {ratios[0]:.2f} | {ratios[1]:.2f} | {self.median(name, _megabytes):.0f}"
            lines.append(f"| {name} | {cells} |")
        return "\n".join(lines)


def compare(commands: Mapping[str, Command], rounds: int) -> Compared:
    """Run the commands in turn, so many rounds, after one that warms up."""
    for command in commands.values():
        run(command)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(command))
        print("  " + ", ".join(f"{name} {runs[name][-1].seconds:.2f} s" for name in runs), file=sys.stderr, flush=True)
    return Compared(runs)


def _processor(run: Run) -> float:
    return run.processor


def _megabytes(run: Run) -> float:
    return run.megabytes
