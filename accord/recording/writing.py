"""The hooks of the process that writes the messages file of a run: it takes what all processes noted.

That is the one process of a run without pytest-xdist, or its controller; workers only note. When the run has ended, the
hook `pytest_accord_messages` hands the file to whoever makes documents of it.
"""

import os
from bdb import BdbQuit
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from accord.basics.filenames import MESSAGES, MESSAGES_BEFORE
from accord.basics.files import Together, alone, together
from accord.basics.source import relative
from accord.basics.text import one_line
from accord.compat.xdist import end_workers, is_of_crash, runs_each
from accord.errors import AccordError
from accord.gherkin.dry_run import OPTION
from accord.recording.crashes import Crash
from accord.recording.provenance import of_session
from accord.recording.recorder import Record, Recorder
from accord.recording.redaction.redaction import REDACTION
from accord.recording.selection import is_bare, is_share, selects
from accord.recording.whole import Survey, Whole
from accord.recording.writer import MessagesWriter

DOCS = "--accord-docs"
USUAL = "living-docs"
TRAVELLING = "accord_record"
"""The name under which a record travels: on reports, and on what a worker says at its end."""


def is_on(config: pytest.Config) -> bool:
    """Return whether the run is to be recorded."""
    return bool(config.getoption(DOCS)) and not config.option.collectonly and not config.getoption(OPTION)


def directory_of(config: pytest.Config) -> Path:
    """Return where the files of the run go."""
    return Path(config.rootpath, config.getoption(DOCS))


def register(config: pytest.Config, recorder: Recorder) -> "Writing | None":
    """Have this process write the messages file of the run, if it is to be recorded.

    Raises UsageError for a directory that was named and is of no use: before the run, not after it.
    """
    if hasattr(config, "workerinput") or not is_on(config):
        return None
    directory = directory_of(config)
    # The usual one is used only if there is something to write, which is not known yet.
    if config.getoption(DOCS) != USUAL:
        _require_writable(directory)
    writing = Writing(config, recorder, directory)
    config.pluginmanager.register(writing)
    return writing


def _require_writable(directory: Path) -> None:
    there = next((path for path in (directory, *directory.parents) if os.path.lexists(path)), directory)
    if not there.is_dir():
        raise pytest.UsageError(f"{DOCS}: {there} is not a directory: name one, or remove what is there.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise pytest.UsageError(f"{DOCS}: nothing can be written in {there}: name another directory, or allow it.")


class Writing:
    """Hooks, which write one messages file."""

    def __init__(self, config: pytest.Config, recorder: Recorder, directory: Path) -> None:
        self._recorder = recorder
        self._directory = directory
        # Not yet: plugins that draw a seed are configured after this one.
        session = partial(of_session, config, config.stash[REDACTION])
        self._writer = MessagesWriter(directory, config.rootpath, session)
        # Messages name files as the user would type them: a test may have changed the directory since.
        self._working_directory = config.invocation_params.dir
        self._faults: list[str] = []
        self._is_each = runs_each(config)
        self._debuggers: list[Any] = []
        self._was_quit = False
        self._has_run = False

    # Last, when the recorder has noted which scenarios are selected.
    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Write the features and pickles, before any of them runs."""
        record = self._recorder.take()
        if record.known:
            _require_writable(self._directory)
        self._writer.write(record)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Require a directory to which something can be written, before anything runs."""
        # Nothing is written for other tests, so that nothing is required for them.
        if any(".feature::" in nodeid for nodeid in ids):
            try:
                _require_writable(self._directory)
            except pytest.UsageError:
                end_workers(node.config)
                raise

    # First, so that no other plugin, such as one that writes reports as JSON, sees what is carried.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what a scenario did, once it has ended, and keep it no longer."""
        self._write_carried(vars(report))
        if report.when == "teardown":
            # A feature file that cannot be read fails without a scenario.
            self._has_run = self._has_run or ".feature::" in report.nodeid
        if is_of_crash(report):
            self._writer.add_crash(Crash.of(report.nodeid, getattr(report, "node", None)), is_each=self._is_each)

    def pytest_enter_pdb(self, pdb: Any) -> None:
        """Note a debugger, which knows whether it was quit."""
        self._debuggers.append(pdb)

    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """Note whether another debugger than pytest's was quit, which ends a step and not the run."""
        if call.excinfo is not None and call.excinfo.errisinstance(BdbQuit):
            self._was_quit = True

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Write what a worker sent at its end; one that crashed sends nothing."""
        self._write_carried(getattr(node, "workeroutput", {}))

    def _write_carried(self, carrier: dict[str, Any]) -> None:
        # Taken off the report, which pytest keeps until the end of the run.
        if (record := carrier.pop(TRAVELLING, None)) is not None:
            self._writer.write(Record(**record))

    # Last, when all others have had their say on the exit status, which becomes the success of the run.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what did not run, and the end, and hand the file over; there is none of a run that ran nothing."""
        self._writer.write(self._recorder.take())
        # Who looks into a scenario, and quits there, says nothing of the promises.
        was_quit = self._was_quit or any(getattr(pdb, "quitting", False) for pdb in self._debuggers)
        # What is merged with the shares of other machines is not missing there.
        if was_quit or not (self._has_run or self._writer.has_results or is_share(session.config)):
            self._writer.discard()
        messages = self._writer.finish(session.exitstatus == pytest.ExitCode.OK)
        if messages is None or session.config.hook.pytest_accord_messages(session=session, messages=messages):
            return
        # Nobody makes documents of them.
        try:
            with alone(self._directory), together() as files:
                replace_last(files, messages, self._directory, session.config)
            messages.unlink(missing_ok=True)
        except KeyboardInterrupt:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
            self._faults.append(f"{relative(messages, self._working_directory)} has its messages: it was interrupted.")
        except OSError as error:
            self._faults.append(
                f"{error.filename or self._directory}: {error.strerror or error}. "
                f"The messages of this run are in {relative(messages, self._working_directory)}."
            )

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why messages are missing, or where they are."""
        for fault in filter(None, (self._writer.fault, *self._faults)):
            terminalreporter.write_line(one_line(fault), red=True)


@dataclass(frozen=True)
class Placed:
    """Where the messages of a run are until they take their place, and those of the run with which it is compared."""

    messages: Path
    baseline: Path | None
    fault: str | None = None


def replace_last(files: Together, messages: Path, directory: Path, config: pytest.Config) -> Placed:
    """Have a run's messages take the place of the last run's, with `files`; those of a part are put into them.

    The messages of the last full run become, or remain, those before.
    """
    path, before, fault = directory / MESSAGES, directory / MESSAGES_BEFORE, None
    last = None
    if path.is_file():
        try:
            last = Survey(path)
        except AccordError as error:
            fault = f"What the last run had is not shown: {error}"
    # What cannot be read is not lost.
    if (last is not None and last.is_full_run) or fault:
        files.keep(path, before)
        baseline = None if fault else path
    else:
        baseline = before if before.is_file() else None
    whole = Whole(
        None if is_share(config) else last,
        Survey(messages),
        config.rootpath,
        lambda: selects(config),
        is_bare=is_bare(config),
    )
    if not whole.is_part:
        files.move(messages, path)
        return Placed(messages, baseline, fault)
    return Placed(files.write(path, whole.lines()), baseline, fault)
