"""What Accord uses of pytest-xdist that is not documented."""

import signal
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest


def end_workers(config: pytest.Config) -> None:
    """Have the workers end, which would wait for tests until they are killed."""
    config.pluginmanager.getplugin("dsession").triggershutdown()


def without_workers(config: pytest.Config) -> None:
    """Have the run be one of this process alone, whatever the command line says; to be called before it begins."""
    if config.pluginmanager.has_plugin("xdist"):
        config.option.numprocesses, config.option.dist, config.option.tx = None, "no", []


def runs_workers(config: pytest.Config) -> bool:
    """Return whether this process has workers, which collect and run in its place."""
    return config.pluginmanager.has_plugin("dsession")


@dataclass(frozen=True)
class Worker:
    """One of several processes of a run."""

    name: str
    run: str
    """The id of the run, which all its workers share, and no other run has."""


def worker_of(config: pytest.Config) -> Worker | None:
    """Return which worker runs this, if one does.

    In its environment the same is said to every run that its tests start, and that is none of a worker.
    """
    given: dict[str, str] | None = getattr(config, "workerinput", None)
    return None if given is None else Worker(given["workerid"], given["testrunuid"])


def runs_each(config: pytest.Config) -> bool:
    """Return whether each worker runs all tests, which is another way to run them than to share them."""
    return bool(config.getoption("dist", "no") == "each")


def is_of_crash(report: pytest.TestReport) -> bool:
    """Return whether pytest-xdist made the report, for what a worker ran when it died, which is its `node`."""
    return str(report.when) == "???"


def exit_of_worker(node: Any) -> tuple[str, str]:
    """Return the name of a worker that has died, and how: by which signal, or with which code."""
    gateway = getattr(node, "gateway", None)
    name = str(getattr(gateway, "id", "of that scenario"))
    process: Any = getattr(getattr(gateway, "_io", None), "popen", None)
    try:
        # Its connection may be seen to end before the process has.
        code = process.wait(timeout=1)
        return name, signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except (AttributeError, ValueError, subprocess.TimeoutExpired):  # It may have run on another machine.
        return name, "nobody knows how"
