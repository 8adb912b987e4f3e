"""The hooks of the process that publishes a run: it gathers what all processes noted, and writes it down.

`accord.plugin` registers them, in a run without pytest-xdist or in its controller; workers only note.
"""

import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accord.basics.failures import named
from accord.basics.files import alone, together
from accord.basics.garbage import uncollected
from accord.basics.source import relative
from accord.basics.text import one_line
from accord.compat.xdist import end_workers
from accord.errors import AccordError
from accord.recording.crashes import Crash
from accord.recording.hooks import TRAVELLING
from accord.recording.recorder import RECORDER, Record
from accord.recording.writer import Stream
from accord.running import RUNNING
from accord.timeouts.watchdog import WATCHDOG

if TYPE_CHECKING:
    from accord.living_docs.model import Document

DOCS = "--accord-docs"
BASELINE = "--accord-baseline"
TAG_LINK = "accord_tag_link"
USUAL = "living-docs"
LAST = "messages.ndjson"
BEFORE = "messages.before.ndjson"


def add_options(group: pytest.OptionGroup, parser: pytest.Parser) -> None:
    """Add the command-line options, and the setting."""
    parser.addini(TAG_LINK, "where tags lead in what is published, as https://tracker.example/{tag}")
    group.addoption(
        DOCS,
        default=USUAL,
        metavar="DIR",
        help="where to publish what the run promised and found, if it had features; nowhere if DIR is empty",
    )
    group.addoption(
        BASELINE, type=Path, metavar="FILE", help="tell what changed since the run of this record, not since the last"
    )


def register(config: pytest.Config) -> None:
    """Have this process publish the run, if it is to be published.

    Raises UsageError for a link, a baseline or a directory that are of no use: before the run, not after it.
    """
    if hasattr(config, "workerinput"):
        return
    tag_link: str | None = config.getini(TAG_LINK) or None
    since = _checked(tag_link, baseline(config))
    if is_asked_for(config) and RECORDER in config.stash and not config.pluginmanager.is_blocked("accord.living_docs"):
        directory = Path(config.rootpath, config.getoption(DOCS))
        if config.getoption(DOCS) != USUAL:
            _require_writable(directory)
        stream = Stream(directory, config.rootpath)
        publishing = Publishing(config, directory, stream, since, tag_link)
        config.pluginmanager.register(publishing, "accord.living_docs")


def _checked(tag_link: str | None, record: Path | None) -> "Document | None":
    if tag_link is None and record is None:
        return None
    # What it needs is loaded when it is needed: no run should start the later for it.
    from accord.living_docs import tag_address

    try:
        tag_address(tag_link)
    except AccordError as refusal:
        raise pytest.UsageError(f"{TAG_LINK}: {refusal}") from None
    try:
        return _compared_with(record) if record else None
    except AccordError as refusal:
        raise pytest.UsageError(f"{BASELINE}: {refusal}") from None


@uncollected()
def _compared_with(record: Path) -> "Document":
    from accord.living_docs import read

    return read(record, evidence=False)


def _require_writable(directory: Path) -> None:
    there = next((path for path in (directory, *directory.parents) if os.path.lexists(path)), directory)
    if not there.is_dir():
        raise pytest.UsageError(f"{DOCS}: {there} is not a directory: name one, or remove what is there.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise pytest.UsageError(f"{DOCS}: nothing can be written in {there}: name another directory, or allow it.")


def is_asked_for(config: pytest.Config) -> bool:
    """Tell whether the run is to be published, and so to be recorded."""
    return bool(config.getoption(DOCS)) and not config.option.collectonly


def baseline(config: pytest.Config) -> Path | None:
    """Return the record that this run is to be compared with, if one was named."""
    record: Path | None = config.getoption(BASELINE)
    return record


class Publishing:
    """Hooks, which write to one stream."""

    def __init__(
        self, config: pytest.Config, directory: Path, stream: Stream, since: "Document | None", tag_link: str | None
    ) -> None:
        self._recorder = config.stash[RECORDER]
        self._running = config.stash[RUNNING]
        if (watchdog := config.stash.get(WATCHDOG, None)) is not None:
            watchdog.last_words.append(self._publish_at_once)
        self._directory = directory
        self._last = directory / LAST
        self._stream = stream
        self._since = since
        self._tag_link = tag_link
        self._here = config.invocation_params.dir
        self._state: str | None = None
        self._faults: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Write what is promised, before anything of it runs."""
        record = self._recorder.take()
        if record.known:
            _require_writable(self._directory)
        self._stream.write(record)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Require a directory to which something can be written, before anything runs."""
        if any(".feature::" in nodeid for nodeid in ids):
            try:
                _require_writable(self._directory)
            except pytest.UsageError:
                end_workers(node.config)
                raise

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what a scenario did, once it has ended, and keep it no longer."""
        self._take_over(vars(report))
        if str(report.when) == "???":  # This is how pytest-xdist reports a worker that crashed.
            self._stream.note(Crash.of(report.nodeid, getattr(report, "node", None)))

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Write what a worker had left to say; one that crashed says nothing."""
        self._take_over(getattr(node, "workeroutput", {}))

    def _take_over(self, carrier: dict[str, Any]) -> None:
        if (record := carrier.pop(TRAVELLING, None)) is not None:
            self._stream.write(Record(**record))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what did not run, and the end, and publish it."""
        self._stream.write(self._recorder.take())
        record = self._stream.finish(success=session.exitstatus == pytest.ExitCode.OK)
        if record is None:
            return
        try:
            self._publish(record)
        except KeyboardInterrupt:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
            self._give_up("it was interrupted", record)
        except OSError as error:
            self._give_up(f"{error.filename or self._directory}: {error.strerror or error}", record)
        except Exception as error:  # Whatever it is, the documents of the run before and this one's record are there.
            file, line, *_ = traceback.extract_tb(error.__traceback__)[-1]
            self._give_up(f"{named(error)} ({file}:{line})", record)

    def _publish_at_once(self, _why: str) -> None:
        """Publish what there is of the run, whose process is about to end."""
        if (item := self._running.item) is not None:
            item.session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
            self.pytest_sessionfinish(item.session)

    def _give_up(self, reason: str, record: Path) -> None:
        self._faults.append(
            f"This run is not published: {reason}. What was published before is as it was; "
            f"`accord render {relative(record, self._here)} -o DIR` makes the documents of this run."
        )

    def _publish(self, record: Path) -> None:
        """Make the documents of this run's own record, and have them take their places with it.

        What changed is told since the run whose record is there now; that is the one before from now on. A run that
        ends meanwhile waits.
        """
        from accord import living_docs

        with alone(self._directory):
            with together() as documents:
                since = self._since or self._read_last()
                rendered = living_docs.render(documents, record, self._directory, since, self._tag_link)
                documents.keep(self._last, self._directory / BEFORE)
                documents.move(record, self._last)
            self._state = rendered.sentence
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            try:
                with Path(summary).open("a", encoding="utf-8", errors="replace") as file:
                    file.write(rendered.summary)
            except OSError as error:
                self._faults.append(f"The summary is not in GITHUB_STEP_SUMMARY ({summary}): {error.strerror}.")

    def _read_last(self) -> "Document | None":
        try:
            return _compared_with(self._last) if self._last.is_file() else None
        except AccordError as refusal:
            self._faults.append(f"What changed is not told: {refusal}")
            return None

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say the state and where the run is published, or why it is not."""
        for fault in filter(None, (self._stream.fault, *self._faults)):
            terminalreporter.write_line(one_line(fault), red=True)
        if self._state is not None:
            page = relative(self._directory / "index.html", terminalreporter.startpath)
            terminalreporter.write_line(one_line(f"{self._state}: {page}"))
