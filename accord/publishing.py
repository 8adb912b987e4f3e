"""The hooks of the process that publishes a run: it gathers what all processes noted, and writes it down.

`accord.plugin` registers them, in a run without pytest-xdist or in its controller; workers only note.
"""

from pathlib import Path
from typing import Any

import pytest

from accord.collecting import RECORDER
from accord.messages import Record
from accord.stream import Stream

OPTION = "--accord-docs"
# The name under which a record travels, on reports and on what a worker says at its end.
TRAVELLING = "accord_record"


def add_option(group: pytest.OptionGroup) -> None:
    """Add the command-line option."""
    group.addoption(
        OPTION,
        default="living-docs",
        metavar="DIR",
        help="where to write what the run promised and found, if it had features; nowhere if DIR is empty",
    )


def register(config: pytest.Config) -> None:
    """Have this process publish the run, if it is to be published."""
    directory = config.getoption(OPTION)
    if directory and not config.option.collectonly and not hasattr(config, "workerinput"):
        stream = Stream(Path(config.rootpath, directory), config.rootpath)
        config.pluginmanager.register(Publishing(config, stream))


class Publishing:
    """Hooks, which write to one stream."""

    def __init__(self, config: pytest.Config, stream: Stream) -> None:
        self._recorder = config.stash[RECORDER]
        self._stream = stream
        self._told: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Write what is promised, before anything of it runs."""
        self._stream.write(self._recorder.take())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what a scenario did, once it has ended, and keep it no longer."""
        self._take_over(vars(report))

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Write what a worker had left to say; one that crashed says nothing."""
        self._take_over(getattr(node, "workeroutput", {}))

    def _take_over(self, carrier: dict[str, Any]) -> None:
        if (record := carrier.pop(TRAVELLING, None)) is not None:
            self._stream.write(Record(**record))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what did not run, and the end."""
        self._stream.write(self._recorder.take())
        self._stream.finish(success=session.exitstatus == pytest.ExitCode.OK)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the run is published, or why not."""
        if self._stream.fault is not None:
            terminalreporter.write_line(self._stream.fault, red=True)
