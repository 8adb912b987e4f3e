"""The hooks by which a run reports how much of the app's OpenAPI document its scenarios covered."""

from pathlib import Path
from typing import Any

import pytest

from accord.basics.text import visible
from accord.contract.coverage import Coverage

COVERAGE = pytest.StashKey[Coverage]()

_COVERED = "accord_covered"


class Contracts:
    """Counts the documented responses that scenarios of all processes saw, and fails a run that saw too few."""

    def __init__(self, config: pytest.Config) -> None:
        config.stash[COVERAGE] = self._coverage = Coverage()
        # With --collect-only no scenario runs, so that nothing is covered.
        self._required: float = 0 if config.option.collectonly else config.getoption("accord_fail_under_coverage")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what the scenarios of a worker of pytest-xdist covered; one that crashed says nothing."""
        self._coverage.add(getattr(node, "workeroutput", {}).get(_COVERED, {}))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run whose scenarios covered too little; a worker only says what its own covered."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_COVERED] = self._coverage.responses
        # A run that ended otherwise, as by Ctrl-C, keeps the exit status that says so.
        elif self._coverage.falls_short(self._required) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Say what the scenarios covered, and what not, unless only some of them were to run."""
        verbose = config.option.verbose > 0
        listing = verbose or not _is_selection(config)
        for line in self._coverage.summary(self._required, listing=listing, in_full=verbose):
            terminalreporter.write_line(visible(line), red=self._coverage.falls_short(self._required))


def _is_selection(config: pytest.Config) -> bool:
    """Return whether only some of the tests were to run: by name, tag, file or what failed last."""
    selecting = ("keyword", "markexpr", "deselect", "lf", "stepwise")
    paths = [Path(config.invocation_params.dir, argument) for argument in config.args]
    return any(config.getoption(name, None) for name in selecting) or not all(path.is_dir() for path in paths)
