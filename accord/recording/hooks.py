"""The hooks by which what a process runs is noted, and given to the process that writes it down."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from accord.compat.pytest_bdd import Step
from accord.compat.pytest_output import Output
from accord.compat.xdist import runs_each, worker_of
from accord.errors import TimedOutError
from accord.gherkin.document import Document
from accord.gherkin.rules.fault import Fault
from accord.isolation.isolation import ISOLATION
from accord.recording import writing
from accord.recording.recorder import RECORDER, Recorder
from accord.recording.redaction.redaction import REDACTION
from accord.recording.writing import TRAVELLING
from accord.running import RUNNING
from accord.steps.definitions import DEFINITIONS, Definitions
from accord.timeouts.watchdog import WATCHDOG

_IS_EACH = "accord_is_each"


class Recording:
    """Notes what scenarios do, in each process that runs some."""

    def __init__(self, config: pytest.Config) -> None:
        self._running = config.stash[RUNNING]
        self._recorder = Recorder(
            config.rootpath,
            config.stash.get(DEFINITIONS, None) or Definitions(self._running),
            config.stash[REDACTION],
            None if (worker := worker_of(config)) is None else worker.name,
            is_on=writing.is_on(config),
            is_each=getattr(config, "workerinput", {}).get(_IS_EACH, False),
        )
        config.stash[RECORDER] = self._recorder
        if (isolation := config.stash.get(ISOLATION, None)) is not None:
            isolation.observe = self._recorder.observe
            isolation.observe_database = self._recorder.observe_database
            if config.getoption("accord_sql"):
                isolation.observe_sql = self._recorder.observe_sql
        if (watchdog := config.stash.get(WATCHDOG, None)) is not None:
            watchdog.last_words.append(self._end_process)
        self._writing = writing.register(config, self._recorder)
        self._output = Output(config)
        self._is_in_call = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist whether each of them runs all items."""
        node.workerinput[_IS_EACH] = runs_each(node.config)

    def pytest_accord_feature(self, document: Document) -> None:
        """Note a feature file."""
        self._recorder.add_feature(document)

    def pytest_accord_faults(self, path: Path, faults: Sequence[Fault]) -> None:
        """Note a feature file that cannot be collected."""
        self._recorder.add_faults(path, faults)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which scenarios are to run."""
        self._recorder.select(session.items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test begins."""
        self._recorder.begin(item)
        self._output.begin(item)

    # First: what other hooks write before a step is the step's.
    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_before_step(self) -> None:
        """A step begins."""
        self._note_output()
        self._recorder.begin_step()

    def pytest_bdd_after_step(self, step: Step) -> None:
        """A step has passed, as a whole or but for some checks."""
        self._recorder.pass_step([check for of, check in self._running.failed_checks if of is step])

    def pytest_bdd_after_scenario(self) -> None:
        """The steps are over."""
        self._note_output()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Note whether a test runs, or has come to its end."""
        __tracebackhide__ = True
        self._is_in_call = True
        try:
            return (yield)
        finally:
            self._is_in_call = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note what became of a test, and send what was noted along with its report."""
        # pytest-check puts what failed in the place of an error, or of nothing.
        raised = call.excinfo
        report = yield
        self._note(report, raised or call.excinfo, was_raised=raised is not None)
        if not self._is_in_call and self._recorder.is_recording:
            self._recorder.attach_output(call.when, self._output.rest())
        if call.when == "teardown":
            self._recorder.end()
            # As a dict, since pytest-xdist carries builtin types only.
            setattr(report, TRAVELLING, vars(self._recorder.take()))
        elif call.when == "setup" and ((record := self._recorder.take()).known or record.databases):
            # What a worker knows of the features is there although its first scenario ends the process.
            setattr(report, TRAVELLING, vars(record))
        return report

    def _note_output(self) -> None:
        """Note what was written and logged since the last time as the step's that ran since then."""
        if self._recorder.is_recording:
            self._recorder.attach_output("call", self._output.pieces())

    def _note(
        self, report: pytest.TestReport, info: pytest.ExceptionInfo[BaseException] | None, *, was_raised: bool
    ) -> None:
        """Note why a test, or a part of it, does not pass."""
        error = None if info is None else info.value
        if self._is_in_call:
            # It goes on: this is a report of a subtest.
            if report.failed:
                self._recorder.fail_partly(report, error)
        elif not report.passed and not (report.failed and not was_raised and self._is_known(report)):
            self._recorder.fail(report, error)
        elif report.passed and (reason := getattr(report, "wasxfail", None)) is not None:
            self._recorder.pass_unexpectedly(reason)

    def _is_known(self, report: pytest.TestReport) -> bool:
        """Return whether the steps that a report is of have the checks that failed."""
        return report.when == "call" and bool(self._running.failed_checks)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name a subtest that has failed, and keep what it wrote and logged."""
        if isinstance(report, pytest.SubtestReport) and self._is_in_call:
            if report.failed:
                self._recorder.name_part(report._sub_test_description())
            # What it logged pytest has in the log of the test as well.
            written = {f"Captured {name} call": name for name in ("stdout", "stderr")}
            pieces = [(written[title], text) for title, text in report.sections if title in written]
            self._recorder.attach_output("call", pieces)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Have a worker say what it had left to say."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[TRAVELLING] = vars(self._recorder.take())

    def _end_process(self, why: str) -> None:
        """Note and publish what there is of the run, whose process is about to end while a test runs."""
        if (item := self._running.item) is None:
            return
        report = pytest.TestReport(item.nodeid, item.location, {}, "failed", why, "call")
        self._note_output()
        self._recorder.fail(report, TimedOutError(why))
        self._recorder.end()
        if self._writing is not None:
            item.session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
            self._writing.pytest_sessionfinish(item.session)
