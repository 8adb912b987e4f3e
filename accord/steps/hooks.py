"""The hooks by which steps are found, run and awaited."""

from collections.abc import Callable, Generator
from typing import Any

import pytest

from accord.basics.text import visible
from accord.compat.pytest_bdd import forget_item, forget_report, replace_execution
from accord.errors import FaultyFeatureError
from accord.running import RUNNING
from accord.steps.awaiting import Calls
from accord.steps.definitions import DEFINITIONS, Definitions
from accord.steps.event_loop import EventLoop
from accord.steps.runner import RUNNER, Runner
from accord.steps.unawaited import UNAWAITED, Unawaited
from accord.steps.undefined import UNDEFINED, UndefinedSteps
from accord.timeouts.watchdog import WATCHDOG


class Steps:
    """Has scenarios run by Accord's own runner, and fails them for what they leave unawaited."""

    def __init__(self, config: pytest.Config) -> None:
        self._running = running = config.stash[RUNNING]
        config.stash[DEFINITIONS] = definitions = Definitions(running)
        config.stash[UNDEFINED] = self._undefined = UndefinedSteps(config, definitions)
        config.pluginmanager.register(self._undefined)
        config.stash[UNAWAITED] = self._unawaited = Unawaited(running, config.rootpath)
        self._calls = calls = Calls(running, self._unawaited, config.stash.get(WATCHDOG, None))
        config.stash[RUNNER] = runner = Runner(definitions, calls)
        # Without pytest-asyncio nothing async runs, and there are no such settings.
        has_asyncio = config.pluginmanager.has_plugin("asyncio")
        self._event_loop = EventLoop(config, definitions) if has_asyncio else None
        # pytest runs cleanups when it is unconfigured, last one first, also where the run was interrupted.
        config.add_cleanup(self._unawaited.install())
        config.add_cleanup(replace_execution(runner.run))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """All tests are known."""
        if self._event_loop is not None:
            self._event_loop.collected(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test begins."""
        if self._event_loop is not None:
            self._event_loop.begin(item)
        self._unawaited.begin()

    def pytest_bdd_before_step(self, step_func: Callable[..., object]) -> None:
        """A step begins."""
        self._unawaited.begin_step(step_func)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Fail a scenario for what its steps and requests leave running."""
        __tracebackhide__ = True
        result = yield
        self._calls.await_background()
        # Only where the test has passed: a failure of its own says more.
        self._unawaited.end_steps()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Fail a scenario for what its fixtures left unawaited."""
        __tracebackhide__ = True
        try:
            result = yield
        finally:
            self._calls.end_requests()
            unawaited = self._unawaited.end()
            if self._running.is_of_feature_file:
                forget_item(item)
        if unawaited:
            pytest.fail(visible(unawaited), pytrace=False)
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_exception_interact(self, call: pytest.CallInfo[object]) -> None:
        """Drop what a failed test had begun, once a debugger was there."""
        self._give_up(call)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note which steps of a scenario that fails are undefined, and what was not awaited where that is why.

        What a test had begun that is skipped, or is known to fail, is dropped: no debugger asks for that.
        """
        if call.excinfo is not None and self._running.is_scenario:
            self._unawaited.explain(call.excinfo.value)
        report = yield
        is_expected = hasattr(report, "wasxfail")
        # One that breaks a rule is to be mended first.
        if call.excinfo and (report.failed or is_expected) and not isinstance(call.excinfo.value, FaultyFeatureError):
            self._undefined.note(item, is_expected=is_expected)
        if report.skipped:
            self._give_up(call)
        return report

    def _give_up(self, call: pytest.CallInfo[Any]) -> None:
        # Where a part of a scenario fails, such as a subtest, its step goes on.
        if call.excinfo is not None and self._running.step is None:
            self._unawaited.give_up(call.excinfo.value)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep no more of a scenario than its report; of one that a module binds other plugins may read the rest."""
        if self._running.is_of_feature_file:
            forget_report(report)
