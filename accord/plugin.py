"""The pytest plugin: hooks and fixtures, which wire the other modules and do nothing themselves."""

import argparse
import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
import pytest_asyncio

from accord.basics.garbage import freeze_loaded, uncollected
from accord.basics.source import place
from accord.basics.text import visible
from accord.compat.internals import (
    RUNNER,
    Feature,
    Scenario,
    SessionFixtures,
    Step,
    bound_scenario,
    forget,
    forget_report,
    replace_fixture_run,
    split_durations,
)
from accord.database import provision
from accord.errors import AccordError, BlockedError, TimedOutError
from accord.gherkin.collector import CURRENT_STEP, RECORDER, FeatureFile
from accord.gherkin.collector import Scenario as ScenarioItem
from accord.guards.guard import StateGuard
from accord.isolation.isolation import Isolation
from accord.living_docs import publishing
from accord.recording import writing
from accord.recording.envelopes import case_id
from accord.recording.recorder import Recorder
from accord.recording.redaction.redaction import Redaction
from accord.reporting.failures import FixtureFailures, text_of
from accord.steps import awaiting
from accord.steps.definitions import Definitions, home
from accord.steps.unawaited import Unawaited
from accord.timeouts import watchdog as timeouts
from accord.timeouts.forks import Forks
from accord.timeouts.outlasting import Ending

_ISOLATION = pytest.StashKey[Isolation]()
_UNAWAITED = pytest.StashKey[Unawaited]()
_WATCHED = pytest.StashKey[StateGuard]()
_FIXTURE_FAILURES = pytest.StashKey[FixtureFailures]()
_SESSION_FIXTURES = pytest.StashKey[SessionFixtures]()
_RUNNING = pytest.StashKey[pytest.Item]()
_WATCHDOG = pytest.StashKey[timeouts.Watchdog]()
_ENDING = pytest.StashKey[Ending]()
_REFUSAL = "accord_refusal"
_COVERED = "accord_covered"
_REDACT = "accord_redact"
_SQL = "--accord-sql"
_FAIL_UNDER = "--accord-fail-under-coverage"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command-line options."""
    group = parser.getgroup("accord")
    writing.add_options(group)
    publishing.add_options(group, parser)
    timeouts.add_options(parser)
    group.addoption(_SQL, action="store_true", help="record the SQL statements of each step, without their values")
    parser.addini(
        _REDACT, "names whose values no document shows, besides those of passwords, tokens and the like", "args"
    )
    group.addoption(
        _FAIL_UNDER,
        type=percentage,
        default=0,
        metavar="PERCENT",
        help="fail the run if scenarios cover fewer than PERCENT of the responses in the app's OpenAPI document",
    )


def percentage(text: str) -> float:
    """Read a number from 0 to 100; raises ArgumentTypeError for anything else."""
    with suppress(ValueError):
        if 0 <= (number := float(text)) <= 100:
            return number
    raise argparse.ArgumentTypeError(f"{text} is no percentage: give a number from 0 to 100")


def pytest_configure(config: pytest.Config) -> None:
    """Have async steps awaited, and what scenarios do noted, for as long as this run lasts."""
    config.addinivalue_line(
        "markers", "real_commits: a database of its own, where commits are real and requests run at once"
    )
    config.stash[_WATCHDOG] = watchdog = timeouts.of(config, partial(_publish_at_once, config))
    config.add_cleanup(watchdog.start())
    config.stash[_UNAWAITED] = unawaited = Unawaited(config.rootpath)
    config.stash[_WATCHED] = StateGuard(config.rootpath)
    config.stash[_ENDING] = Ending(config.rootpath)
    config.stash[_SESSION_FIXTURES] = SessionFixtures()
    definitions = Definitions()
    redaction = Redaction(config.getini(_REDACT))
    config.stash[_FIXTURE_FAILURES] = FixtureFailures(config.rootpath, redaction.text)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    recorder = Recorder(config.rootpath, definitions, redaction, worker, is_on=writing.is_on(config))
    config.stash[RECORDER] = recorder
    observe_sql = recorder.observe_sql if config.getoption(_SQL) else None
    config.stash[_ISOLATION] = Isolation(recorder.observe, observe_sql)
    writing.register(config, recorder)
    publishing.register(config)
    config.pluginmanager.register(Forks(config, unawaited, lambda: _running(config)))
    config.add_cleanup(unawaited.install())
    config.add_cleanup(awaiting.install(unawaited, watchdog))
    config.add_cleanup(awaiting.look_up_in(definitions))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Have the garbage collector wait while scenarios are collected."""
    with uncollected():
        return (yield)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect feature files."""
    if file_path.suffix != ".feature":
        return None
    collector: pytest.Collector = FeatureFile.from_parent(parent, path=file_path)
    return collector


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Let workers of pytest-xdist that are done take over from those that are not, unless told otherwise."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no" and not config.option.distload:
        config.option.dist = "worksteal"
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell pytest-split how long the scenarios took in the run of the baseline, for shares that take as long."""
    known, baseline = split_durations(config), publishing.baseline(config)
    if known is None or baseline is None:
        return
    # What it needs is loaded when it is needed: no run should start the later for it.
    from accord.recording import durations as sharding

    try:
        seconds = sharding.durations(baseline)
    except AccordError as refusal:
        raise pytest.UsageError(str(refusal)) from None
    known.update({item.nodeid: seconds[case] for item in items if (case := case_id(item.nodeid)) in seconds})


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which scenarios are to run; all that is loaded by now stays until the end."""
    session.config.stash[RECORDER].select(session.items)
    session.config.add_cleanup(freeze_loaded())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note the scenario whose fixtures are set up, and whether it, or a test, is tagged @real_commits."""
    _stop_if_lost(item.config)
    item.config.stash[_RUNNING] = item
    item.config.stash[_WATCHDOG].watch(is_of_accord=_is_of_accord(item))
    item.config.stash[_ISOLATION].begin(real_commits=item.get_closest_marker("real_commits") is not None)
    item.config.stash[RECORDER].begin(item)
    if isinstance(item, ScenarioItem):
        item.config.stash[_UNAWAITED].begin(_name(item))
        item.config.stash[_SESSION_FIXTURES].give(item, home(item))
    else:
        item.config.stash[_SESSION_FIXTURES].clear()


def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Feature, scenario: Scenario) -> None:
    """Note the scenario that runs, which a Python module may have bound."""
    request.node.stash[awaiting.FEATURE] = feature
    where = place(feature.filename, scenario.line_number, request.config.rootpath)
    request.config.stash[_UNAWAITED].begin(f"The scenario `{scenario.name}` ({where})")


def pytest_bdd_before_step(
    request: pytest.FixtureRequest, feature: Feature, step: Step, step_func: Callable[..., object]
) -> None:
    """Note the step that runs, for messages that name it."""
    _stop_if_lost(request.config)
    request.node.stash[CURRENT_STEP] = step
    where = place(feature.filename, step.line_number, request.config.rootpath)
    name = f"The step `{step.keyword} {step.name}` ({where})"
    request.config.stash[_ISOLATION].step = name
    request.config.stash[_UNAWAITED].begin_step(name, step_func)
    request.config.stash[RECORDER].begin_step()


def pytest_bdd_after_step(request: pytest.FixtureRequest) -> None:
    """Note that the step has passed, and what it left uncommitted."""
    request.config.stash[_ISOLATION].note_uncommitted()
    request.config.stash[RECORDER].pass_step()


def pytest_bdd_step_func_lookup_error(request: pytest.FixtureRequest, step: Step) -> None:
    """Note the step that has no definition."""
    request.node.stash[CURRENT_STEP] = step


def pytest_bdd_after_scenario(request: pytest.FixtureRequest) -> None:
    """No step runs any more."""
    request.config.stash[_ISOLATION].step = None


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of pytest-xdist says at its end; one that crashed says nothing.

    The run ends when a worker was refused a database, as a run without workers ends.
    """
    said = getattr(node, "workeroutput", {})
    node.config.stash[_ISOLATION].coverage.add(said.get(_COVERED, {}))
    if _REFUSAL in said:
        pytest.exit(said[_REFUSAL], returncode=pytest.ExitCode.USAGE_ERROR)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run whose scenarios covered too little; a worker tells what its own covered. Have the process end."""
    ending, watchdog = session.config.stash[_ENDING], session.config.stash[_WATCHDOG]
    if watchdog.has_watched:
        session.config.add_cleanup(lambda: ending.see_to(int(session.exitstatus), is_torn=bool(watchdog.abandoned)))
    coverage = session.config.stash[_ISOLATION].coverage
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_COVERED] = coverage.responses
        session.config.workeroutput[writing.TRAVELLING] = vars(session.config.stash[RECORDER].take())
    elif coverage.falls_short(_asked(session.config)) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the scenarios covered, and what not, unless only some of them were to run."""
    coverage = config.stash[_ISOLATION].coverage
    verbose = config.option.verbose > 0
    for line in coverage.summary(_asked(config), listing=verbose or not _is_selection(config), in_full=verbose):
        terminalreporter.write_line(visible(line), red=coverage.falls_short(_asked(config)))


def _asked(config: pytest.Config) -> float:
    asked: float = 0 if config.option.collectonly else config.getoption(_FAIL_UNDER)
    return asked


def _is_selection(config: pytest.Config) -> bool:
    """Tell whether only some of the tests were to run: by name, tag, file or what failed last."""
    selecting = ("keyword", "markexpr", "deselect", "lf", "stepwise")
    paths = [Path(config.invocation_params.dir, argument) for argument in config.args]
    return any(config.getoption(name, None) for name in selecting) or not all(path.is_dir() for path in paths)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Refuse what the steps left running; a test that is no scenario may take as long as a step."""
    __tracebackhide__ = True
    watchdog = item.config.stash[_WATCHDOG]
    with nullcontext() if _is_scenario(item) or not watchdog.is_watching else watchdog.limiting_test(_name(item)):
        result = yield
    item.config.stash[_UNAWAITED].end_steps()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Refuse what the scenario's fixtures kept unawaited."""
    __tracebackhide__ = True
    try:
        result = yield
    finally:
        unawaited = item.config.stash[_UNAWAITED].end()
        if isinstance(item, ScenarioItem):
            item.config.stash[_SESSION_FIXTURES].keep(item, home(item))
        forget(item)
    if unawaited:
        pytest.fail(visible(unawaited), pytrace=False)
    return result


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep no more of a scenario than its report."""
    forget_report(report)


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector, call: pytest.CallInfo[object]) -> None:
    """Keep nothing of what failed, once a debugger was there."""
    assert call.excinfo is not None
    node.config.stash[_UNAWAITED].give_up(call.excinfo.value)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in one line that something is refused, or what became of the database, and not where that came to light.

    Of what is skipped or is known to fail nothing is kept either, which no debugger asks for.
    """
    report = yield
    error = None if call.excinfo is None else call.excinfo.value
    if report.failed and error is not None:
        refusal = str(error) if isinstance(error, (AccordError, BlockedError)) else None
        trouble = item.config.stash[_ISOLATION].trouble(error)
        report.longrepr = trouble or _shown_before(item, error) or refusal or report.longrepr
        if isinstance(report.longrepr, str):
            report.longrepr = visible(report.longrepr)
    elif report.skipped and error is not None:
        item.config.stash[_UNAWAITED].give_up(error)
    recorder = item.config.stash[RECORDER]
    if not report.passed:
        recorder.fail(report, error)
    if report.failed and call.when == "call" and isinstance(item, ScenarioItem):
        item.show_sentence(report.longrepr)
        if exchange := recorder.last_exchange():
            report.sections.insert(0, ("What went over the wire", visible(exchange)))
    if call.when == "teardown":
        recorder.end()
        setattr(report, writing.TRAVELLING, vars(recorder.take()))
    elif call.when == "setup" and (record := recorder.take()).known:
        # What a worker knows of the features is there although its first scenario ends the process.
        setattr(report, writing.TRAVELLING, vars(record))
    return report


def _shown_before(item: pytest.Item, error: BaseException) -> str | None:
    """Return a line for what another scenario has shown in full; a plain test shows what pytest shows."""
    if not isinstance(item, ScenarioItem) and bound_scenario(item) is None:
        return None
    return item.config.stash[_FIXTURE_FAILURES].again(error, _name(item).replace("The", "the", 1))


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Limit what fixtures take; let those of a wider scope than a test change what outlasts the test."""
    __tracebackhide__ = True
    watchdog = request.config.stash[_WATCHDOG]
    limit = watchdog.limiting_fixture(fixturedef)
    if fixturedef.scope == "function":
        with limit:
            return (yield)
    failures = request.config.stash[_FIXTURE_FAILURES].of(fixturedef.argname, fixturedef.func)
    with request.config.stash[_WATCHED].lasting(), failures, limit:
        value = yield
    if fixturedef.argname == RUNNER:
        assert isinstance(value, asyncio.Runner)
        replace_fixture_run(value, watchdog.complete)
        fixturedef.addfinalizer(partial(watchdog.end_tasks, value))
    return value


@pytest.fixture(autouse=True)
def _nothing_is_left_changed(watched: StateGuard, pytestconfig: pytest.Config) -> Iterator[None]:
    watched.begin()
    yield
    if leaks := watched.end(is_of_accord=pytestconfig.stash[_WATCHDOG].is_watching):
        # The fixture `request` would tell the test as well, and takes longer than all that is compared here.
        who = _name(pytestconfig.stash[_RUNNING])
        pytest.fail(visible("\n".join(f"{who} leaves {leak}" for leak in leaks)), pytrace=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def session_loop(request: pytest.FixtureRequest) -> AsyncIterator[asyncio.AbstractEventLoop]:
    """The event loop of the whole run, on which async steps and fixtures run."""
    for setting in ("asyncio_default_fixture_loop_scope", "asyncio_default_test_loop_scope"):
        if request.config.getini(setting) != "session":
            pytest.fail(
                f'async steps need one event loop for the whole run: set {setting} = "session" '
                "in the pytest configuration.",
                pytrace=False,
            )
    loop = asyncio.get_running_loop()
    with request.config.stash[_UNAWAITED].listening(loop):
        yield loop


@pytest.fixture(scope="session")
def prepare_database() -> provision.Prepare:
    """What makes the tables, once a run, in the database at an address. Override it; by itself it makes none."""
    return provision.leave_empty


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_url(
    pytestconfig: pytest.Config, isolation: Isolation, prepare_database: provision.Prepare
) -> AsyncIterator[str]:
    """The URL of a database for this run, prepared: at DATABASE_URL if that is set, else on PostgreSQL from the wheel.

    Each worker of pytest-xdist has a copy of its own.
    """
    address, name = os.environ.get("DATABASE_URL"), os.environ.get("PYTEST_XDIST_WORKER")
    worker = provision.Worker(name, os.environ["PYTEST_XDIST_TESTRUNUID"]) if name else None
    try:
        prepare = _prepared(pytestconfig.stash[_FIXTURE_FAILURES], prepare_database, on_wheel=not address)
        async with provision.database(address, worker, prepare, isolation.lose) as url, isolation.watch(url):
            yield url.render_as_string(hide_password=False)
    except AccordError as refusal:
        _stop(pytestconfig, str(refusal))


def _stop_if_lost(config: pytest.Config) -> None:
    if (sentence := config.stash[_ISOLATION].lost) is not None:
        _stop(config, sentence)


def _stop(config: pytest.Config, sentence: str) -> NoReturn:
    """End the run with a sentence; a worker has the run's controller do so, too."""
    if hasattr(config, "workeroutput"):
        config.workeroutput[_REFUSAL] = sentence
    pytest.exit(sentence, returncode=pytest.ExitCode.USAGE_ERROR)


def _prepared(failures: FixtureFailures, prepare: provision.Prepare, *, on_wheel: bool) -> provision.Prepare:
    """Have what prepares the database answer for its own errors."""

    async def prepare_or_say_who(url: str) -> None:
        __tracebackhide__ = True
        with failures.of("prepare_database", prepare):
            try:
                await prepare(url)
            except Exception as error:
                if on_wheel and re.search(r'extension ".+" is not available', text_of(error)):
                    error.add_note(
                        "PostgreSQL from the wheel comes without this extension: "
                        "set DATABASE_URL to use a server that has it."
                    )
                raise

    return prepare_or_say_who


@pytest.fixture(scope="session")
def isolation(pytestconfig: pytest.Config) -> Isolation:
    """What keeps scenarios apart from each other, and requests from the steps around them."""
    return pytestconfig.stash[_ISOLATION]


@pytest.fixture(scope="session")
def watched(pytestconfig: pytest.Config) -> StateGuard:
    """What no test may leave changed: the environment, the clock, logging, and what is added here."""
    return pytestconfig.stash[_WATCHED]


def _running(config: pytest.Config) -> str:
    return config.stash[_ISOLATION].step or _name(config.stash[_RUNNING])


def _publish_at_once(config: pytest.Config, why: str) -> None:
    """Publish what there is of the run, whose process is about to end while an item runs."""
    item, recorder = config.stash[_RUNNING], config.stash[RECORDER]
    recorder.fail(pytest.TestReport(item.nodeid, item.location, {}, "failed", why, "call"), TimedOutError(why))
    recorder.end()
    item.session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
    for plugin in config.pluginmanager.get_plugins():
        if isinstance(plugin, writing.Writing):
            plugin.pytest_sessionfinish(item.session)


def _is_scenario(item: pytest.Item) -> bool:
    return isinstance(item, ScenarioItem) or bound_scenario(item) is not None


def _is_of_accord(item: pytest.Item) -> bool:
    return _is_scenario(item) or "isolation" in getattr(item, "fixturenames", ())


def _name(item: pytest.Item) -> str:
    path, line, _name = item.reportinfo()
    kind = "scenario" if isinstance(item, ScenarioItem) else "test"
    return f"The {kind} `{item.name}` ({place(Path(path), (line or 0) + 1, item.config.rootpath)})"
