"""The hooks by which pytest shows what helps with a failure: a sentence, each cause once, the exchanges."""

from collections.abc import Generator

import pytest

from accord.basics.failures import is_of_project, raised_at, raised_before
from accord.basics.source import location
from accord.basics.text import visible
from accord.compat.pytest import ExceptionRepr, compare_in_full, fold_traceback, summarize_by
from accord.database.given import given_to
from accord.database.installations import missing_extension, on_machine, remedy
from accord.errors import AccordError, BlockedError
from accord.gherkin.item import Scenario
from accord.isolation.isolation import ISOLATION
from accord.recording.recorder import RECORDER
from accord.recording.redaction.redaction import REDACTION
from accord.reporting import short_summary
from accord.reporting.failures import FixtureFailures
from accord.running import LAZY, RUNNING


class Failures:
    """Has a failure shown as a sentence where there is one, before it is recorded."""

    def __init__(self, config: pytest.Config) -> None:
        self._isolation = config.stash.get(ISOLATION, None)
        self._running = config.stash[RUNNING]
        self._server = given_to(config)
        self._rootpath = config.rootpath
        config.add_cleanup(summarize_by(short_summary.line))
        self._failures = FixtureFailures(config.rootpath, config.stash[REDACTION].text)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Note the failure of a fixture that outlasts a test, which others that ask for it will meet again."""
        __tracebackhide__ = True
        if fixturedef.scope == "function":
            return (yield)
        with self._failures.of(fixturedef.argname, fixturedef.func):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Have the assertions of steps show all of what they compare."""
        __tracebackhide__ = True
        if not isinstance(item, Scenario):
            return (yield)
        undo = compare_in_full(item.config)
        try:
            return (yield)
        finally:
            undo()

    # Innermost: what is put into the report here is what the recorder, around it, writes down.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say what became of the database, or what another scenario has shown, or an error that is a sentence."""
        if call.excinfo is not None:
            self._advise(call.excinfo.value)
            if self._running.is_scenario:
                fold_traceback(item, call.excinfo.value, is_of_project)
        report = yield
        if report.failed and call.excinfo is not None:
            error = call.excinfo.value
            outage = None if self._isolation is None else self._isolation.outage.explain(error)
            sentence = str(error) if isinstance(error, (AccordError, BlockedError)) else None
            # In this order: of a database that is gone many errors follow, which say less than that it is gone.
            report.longrepr = outage or self._shown_before(item, error) or sentence or report.longrepr
            if isinstance(report.longrepr, str):
                report.longrepr = visible(report.longrepr)
            elif isinstance(report.longrepr, ExceptionRepr) and (place := self._raised_again(error)):
                report.longrepr.addsection("Raised again", f"{place}: {type(error).__name__}")
            if self._isolation is not None and (uncommitted := self._isolation.uncommitted()):
                report.sections.append(("What was not committed", visible("\n".join(uncommitted))))
            if self._isolation is not None and (limits := self._isolation.limits()):
                # No reason, as far as anybody knows, but one to think of.
                limits.append("If that is why, tag the scenario @real_commits.")
                report.sections.append(("What one transaction cannot show", "\n".join(limits)))
        return report

    def _raised_again(self, error: BaseException) -> str | None:
        """Return where a scenario's error was raised last, if pytest shows last where it was first."""
        raised = raised_at(error, is_of_project) if self._running.is_scenario else None
        is_shown = raised is None or raised == raised_before(error, is_of_project)
        return None if raised is None or is_shown else location(*raised, self._rootpath)

    def _advise(self, error: BaseException) -> None:
        """Say what to do about an extension that the database lacks, or a row that is no longer loaded.

        Where the database is prepared, an extension that is missing has stopped the run.
        """
        if type(error).__name__ == "MissingGreenlet" and self._running.is_scenario:
            error.add_note(f"It fails {LAZY}.")
        if (extension := missing_extension(error)) is None or getattr(error, "__notes__", None):
            return
        if self._server is not None:
            error.add_note(f"Have {extension} installed on the server that {self._server.source} names.")
            return
        found = next((it for it in on_machine() if it.has([extension])), None)
        error.add_note(remedy("The PostgreSQL of this run", [extension], found))

    def _shown_before(self, item: pytest.Item, error: BaseException) -> str | None:
        """Return a line for what another scenario has shown in full; a plain test shows what pytest shows."""
        if not self._running.is_scenario:
            return None
        return self._failures.again(error, self._running.test.replace("The", "the", 1))


class Details:
    """Has a failure shown with its scenario and its exchanges once it is recorded, which has them elsewhere."""

    def __init__(self, config: pytest.Config) -> None:
        self._recorder = config.stash.get(RECORDER, None)

    # Outermost, once the recorder has seen the report: its messages have scenario and exchanges elsewhere.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Mark the sentence that failed, and show what went over the wire."""
        # pytest-check notes what it reports in the place of nothing.
        was_raised = call.excinfo is not None
        report = yield
        if report.failed and call.when == "call" and isinstance(item, Scenario):
            item.show_sentence(report.longrepr, was_raised=was_raised)
            if self._recorder is not None and (exchange := self._recorder.last_exchange()):
                # Before what was captured, which may be long.
                report.sections.insert(0, ("What went over the wire", visible(exchange)))
        return report
