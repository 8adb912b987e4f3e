"""The hooks by which feature files are collected, and by which their scenarios cost little."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from accord.basics.garbage import freeze_loaded, uncollected
from accord.compat.pytest import SessionFixtures, count_fewer, drop_fixtures, renew_fixtures
from accord.compat.xdist import runs_workers
from accord.errors import FaultyFeatureError
from accord.gherkin import ahead, dry_run, meant
from accord.gherkin.binding import BOUND, Bound
from accord.gherkin.collector import READ, FeatureFile
from accord.gherkin.document import Document
from accord.gherkin.dry_run import DryRun
from accord.gherkin.item import FaultyPart, Scenario, breaks
from accord.gherkin.passed_over import PASSED_OVER, SUFFIX, PassedOver
from accord.gherkin.rules.catalogue import name_of
from accord.gherkin.rules.switches import SWITCHES, Switches
from accord.gherkin.rules.tags import TAGS, Tags, unknown_tag
from accord.running import RUNNING, is_scenario, scenario_of
from accord.steps import modules
from accord.steps.definitions import DEFINITIONS, IS_OFF, Definitions, owner
from accord.steps.undefined import UNDEFINED, UndefinedSteps


class Features:
    """Has pytest collect feature files."""

    def __init__(self, config: pytest.Config) -> None:
        self._running = config.stash[RUNNING]
        self._session_fixtures = SessionFixtures()
        ahead.add_marker(config)
        config.stash[TAGS] = Tags(config)
        config.stash[SWITCHES] = switches = Switches(config)
        config.stash[IS_OFF] = switches.is_off_at
        config.stash[BOUND] = self._bound = Bound(config)
        config.stash[PASSED_OVER] = self._passed_over = PassedOver(config, switches)
        self._read: set[str] = set()
        if config.getoption(dry_run.OPTION) and not config.option.collectonly:
            definitions = config.stash.get(DEFINITIONS, None) or Definitions(self._running)
            if (undefined := config.stash.get(UNDEFINED, None)) is None:
                undefined = UndefinedSteps(config, definitions)
                config.pluginmanager.register(undefined)
            config.pluginmanager.register(DryRun(definitions, undefined))

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        """Have the garbage collector wait while scenarios are collected; say what was meant by what is not there."""
        config = session.config
        # Nobody sees what workers say of it.
        if runs_workers(config) and (missing := list(meant.not_found(config))):
            raise pytest.UsageError(*(said or f"not found: {argument}" for argument, said in missing))
        try:
            with uncollected():
                return (yield)
        except pytest.UsageError as error:
            raise pytest.UsageError(
                *error.args, *(said for _argument, said in meant.not_found(config) if said)
            ) from None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect feature files."""
        self._passed_over.note_file(file_path)
        if file_path.suffix != SUFFIX:
            return None
        collector: pytest.Collector = FeatureFile.from_parent(parent, path=file_path)
        return collector

    @pytest.hookimpl(wrapper=True)
    def pytest_ignore_collect(self, collection_path: Path) -> Generator[None, bool | None, bool | None]:
        """Note the feature files of a folder that is passed over."""
        is_ignored = yield
        if is_ignored:
            self._passed_over.note_folder(collection_path)
        return is_ignored

    def pytest_accord_feature(self, document: Document) -> None:
        """A feature file was read."""
        self._read.add(document.uri)

    # First: what else selects among the items need not know of those that do not run.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        """Have features that Python modules bind run there alone, and no filter pass over a tag that is not known."""
        number = len(items)
        for document in self._bound.take(items):
            if document.uri not in self._read:
                config.hook.pytest_accord_feature(document=document)
        notices = self._running.notices
        notices += [*self._load_steps(items, config), *self._bound.notices(), *self._bound.leave_foreign(items)]
        count_fewer(config, number - len(items))
        ahead.expect_of_bound(items, config)
        # It may be what the filter by tags looks for.
        untagged = [it for it in items if config.option.markexpr and breaks(it, name_of(unknown_tag))]
        collected = list(items)
        try:
            result = yield
        except pytest.UsageError as error:
            said = [*meant.of_expressions(config, collected), *meant.of_name(config, collected)]
            raise pytest.UsageError(*error.args, *said) from None
        self._running.notices += meant.of_expressions(config, collected)
        chosen = {id(item) for item in items}
        items += [item for item in untagged if id(item) not in chosen]
        return result

    def _load_steps(self, items: list[pytest.Item], config: pytest.Config) -> Iterator[str]:
        """Load the modules of steps that no conftest names, and yield what to say of them.

        Where Python modules bind features, they import what they use, each its own, unless a setting names them.
        """
        scenarios = [item for item in items if isinstance(item, Scenario)]
        read = [file.node for file in config.stash.get(READ, ()) if file.node.path not in self._bound.documents()]
        nodes = [*scenarios, *read]
        if not nodes or (self._bound.has_any and not modules.are_named(config)):
            return
        plugins = config.pluginmanager
        before = len(plugins.get_plugins())
        config.stash[modules.NOT_LOADED] = not_loaded = list(modules.load(nodes[0].session))
        yield from map(str, not_loaded)
        if len(plugins.get_plugins()) > before:
            for item in scenarios:
                renew_fixtures(item)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell what cannot run. All that is loaded by now stays until the end."""
        for item in session.items:
            if isinstance(item, FaultyPart):
                session.config.hook.pytest_accord_faults(path=item.path, faults=item.faults)
        self._running.notices += self._passed_over.notices(session)
        # What looks for those that refer to an object, as Hypothesis does, does not find them then.
        if any(is_scenario(item) for item in session.items):
            session.config.add_cleanup(freeze_loaded())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Give a scenario the session's fixtures that others before it had."""
        if isinstance(item, Scenario):
            self._running.begin_scenario()
        if isinstance(item, Scenario) and not hasattr(item, "callspec"):
            self._session_fixtures.give(item, owner(item))
        else:
            self._session_fixtures.clear()
            if faults := self._bound.faults_of(item):
                raise FaultyFeatureError("\n".join(faults))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say of a scenario that was expected not to hold, and does, what to do."""
        report = yield
        if report.failed and report.when == "call" and (found := scenario_of(item)) is not None:
            template, _row = found
            line = getattr(item, "line", template.line_number)
            ahead.say_that_it_holds(report, item, Path(template.feature.filename), line)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Keep the session's fixtures, and drop the scenario's own."""
        __tracebackhide__ = True
        try:
            return (yield)
        finally:
            if isinstance(item, Scenario) and not hasattr(item, "callspec"):
                self._session_fixtures.keep(item, owner(item))
            # After pytest's own hook, which tears them down.
            if is_scenario(item):
                drop_fixtures(item)
