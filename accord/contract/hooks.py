"""The hooks by which a run says how responses are checked, and reports what of the document its scenarios covered."""

import os
from typing import Any

import pytest

from accord.basics.text import visible
from accord.contract.checking import Checking
from accord.contract.rules import Mode, Rules

CHECKING = pytest.StashKey[Checking]()

_COVERED = "accord_covered"
_UNDOCUMENTED = "accord_undocumented"
_OFF = (
    'contract: with accord_contract = "off" no response is checked, and none counts as covered: '
    "set it to documented, or leave out --accord-fail-under-coverage."
)


class Contracts:
    """Has responses checked by the project's rules, counts what all processes saw, and fails a run that saw too few."""

    def __init__(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "no_contract: responses are not checked against the app's OpenAPI document")
        config.stash[CHECKING] = self._checking = Checking(_rules(config))
        self._coverage = self._checking.coverage
        # With --collect-only no scenario runs, so that nothing is covered.
        self._required: float = 0 if config.option.collectonly else config.getoption("accord_fail_under_coverage")

    # Before pytest's own, which sets up fixtures: they may send requests.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test begins, which may be tagged @no_contract."""
        self._checking.is_suspended = item.get_closest_marker("no_contract") is not None

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of pytest-xdist has seen; one that crashed says nothing."""
        output = getattr(node, "workeroutput", {})
        self._coverage.add(output.get(_COVERED, {}))
        self._checking.undocumented.add(output.get(_UNDOCUMENTED, []))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run whose scenarios covered too little; a worker only says what its own covered."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_COVERED] = self._coverage.responses
            session.config.workeroutput[_UNDOCUMENTED] = list(self._checking.undocumented.responses)
        # A run that ended otherwise, as by Ctrl-C, keeps the exit status that says so.
        elif self._coverage.falls_short(self._required) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Say what the scenarios covered, and what not, unless only some of them were to run."""
        verbose = config.option.verbose > 0
        listing = verbose or not _is_selection(config)
        if self._checking.is_off and self._coverage.falls_short(self._required):
            terminalreporter.write_line(_OFF, red=True)
            return
        requested = self._checking.undocumented.operations()
        for line in self._coverage.summary(self._required, listing=listing, in_full=verbose, requested=requested):
            terminalreporter.write_line(visible(line), red=self._coverage.falls_short(self._required))
        for line in self._checking.undocumented.summary(in_full=verbose):
            terminalreporter.write_line(visible(line), yellow=True)


def _rules(config: pytest.Config) -> Rules:
    """Return the rules that the project has set. Raises pytest.UsageError for a mode that there is not."""
    mode = config.getini("accord_contract")
    try:
        return Rules(Mode(mode), config.getini("accord_contract_formats"))
    except ValueError:
        raise pytest.UsageError(
            f'accord_contract = "{mode}" is not a way to check responses: say "strict", "documented" or "off".'
        ) from None


def _is_selection(config: pytest.Config) -> bool:
    """Return whether only some of the tests were to run: by name, tag, file or what failed last."""
    selecting = ("keyword", "markexpr", "deselect", "lf", "stepwise")
    # Not pathlib's, which raises OSError for what is too long for a file's name, as a node id may be.
    are_directories = all(os.path.isdir(config.invocation_params.dir / argument) for argument in config.args)
    return any(config.getoption(name, None) for name in selecting) or not are_directories
