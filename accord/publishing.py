"""The hooks of the process that publishes a run: it gathers what all processes noted, and writes it down.

`accord.plugin` registers them, in a run without pytest-xdist or in its controller; workers only note.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from accord.collecting import RECORDER
from accord.messages import Record
from accord.places import relative
from accord.refusal import Refusal
from accord.stream import Stream
from accord.visible import one_line

DOCS = "--accord-docs"
BASELINE = "--accord-baseline"
TAG_LINK = "accord_tag_link"
# The name under which a record travels, on reports and on what a worker says at its end.
TRAVELLING = "accord_record"


def add_options(group: pytest.OptionGroup, parser: pytest.Parser) -> None:
    """Add the command-line options, and the setting."""
    parser.addini(TAG_LINK, "where tags lead in what is published, as https://tracker.example/{tag}")
    group.addoption(
        DOCS,
        default="living-docs",
        metavar="DIR",
        help="where to publish what the run promised and found, if it had features; nowhere if DIR is empty",
    )
    group.addoption(
        BASELINE, type=Path, metavar="FILE", help="tell what changed since the run of this record, not since the last"
    )


def register(config: pytest.Config) -> None:
    """Have this process publish the run, if it is to be published."""
    if is_asked_for(config) and not hasattr(config, "workerinput"):
        stream = Stream(Path(config.rootpath, config.getoption(DOCS)), config.rootpath)
        config.pluginmanager.register(Publishing(config, stream))


def is_asked_for(config: pytest.Config) -> bool:
    """Tell whether the run is to be published, and so to be recorded."""
    return bool(config.getoption(DOCS)) and not config.option.collectonly


def baseline(config: pytest.Config) -> Path | None:
    """Return the record that this run is to be compared with, if one was named."""
    record: Path | None = config.getoption(BASELINE)
    return record


class Publishing:
    """Hooks, which write to one stream."""

    def __init__(self, config: pytest.Config, stream: Stream) -> None:
        self._recorder = config.stash[RECORDER]
        self._stream = stream
        self._directory = stream.last.parent
        self._baseline = baseline(config)
        self._tag_link: str | None = config.getini(TAG_LINK) or None
        self._state: str | None = None

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
        if self._stream.finish(success=session.exitstatus == pytest.ExitCode.OK):
            if self._baseline is None and self._stream.before.exists():
                self._baseline = self._stream.before
            self._publish()

    def _publish(self) -> None:
        # What it needs is loaded when it is needed: no run should start the later for it.
        from accord import living_docs

        try:
            try:
                self._state = living_docs.write(self._stream.last, self._directory, self._baseline, self._tag_link)
            except Refusal as refusal:
                self._stream.fault = f"What changed is not told: {refusal}"
                self._state = living_docs.write(self._stream.last, self._directory, tag_link=self._tag_link)
            if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
                with Path(summary).open("a", encoding="utf-8") as file:
                    file.write((self._directory / "summary.md").read_text(encoding="utf-8"))
        except OSError as error:
            self._stream.fault = f"This run is not published: {error.filename or self._directory}: {error.strerror}."

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say the state and where the run is published, or why it is not."""
        if self._stream.fault is not None:
            terminalreporter.write_line(one_line(self._stream.fault), red=True)
        if self._state is not None:
            page = relative(self._directory / "index.html", terminalreporter.startpath)
            terminalreporter.write_line(one_line(f"{self._state}: {page}"))
