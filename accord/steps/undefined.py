"""Sentences without a step definition: each is shown once, at the end of the run, with the code to begin with."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accord.basics.source import location
from accord.basics.text import visible
from accord.compat.pytest_bdd import Step, files_of_step_definitions, fixture_names
from accord.running import scenario_of
from accord.steps.definitions import Definitions, owner
from accord.steps.modules import NOT_LOADED

# What is said of them is loaded where there are some.
if TYPE_CHECKING:
    from accord.steps.near import Near
    from accord.steps.suggestions import DefinitionsThere, Undefined

OPTION = "accord_snippets"
_TRAVELLING = "accord_undefined"
_MOST_PLACES = 5
_MOST_COMPARED = 500
_HEAD = '"""Step definitions that are still to be written."""'


class UndefinedSteps:
    """Notes the undefined steps of scenarios that fail, and tells of them at the end of the run."""

    def __init__(self, config: pytest.Config, definitions: Definitions) -> None:
        self._config = config
        self._definitions = definitions
        self._file = _file_of(config)
        self._found: list[Undefined] = []
        self._known: dict[tuple[str, str, str], Undefined] = {}
        self._noted: set[tuple[tuple[str, int, str], str]] = set()
        self._nearest: dict[tuple[pytest.Collector, str, str], Near | None] = {}
        self._definitions_of: dict[pytest.Collector, DefinitionsThere] = {}
        self._fixtures: dict[str, None] = {}
        self._fault = ""
        self._loaded: frozenset[str] | None = None

    def sentence(self, step: Step, item: pytest.Item | pytest.Collector) -> str:
        """Return what to say of a step of a scenario that has no definition, without its place."""
        near = self._near(step, item)
        return _sentence(f"{step.keyword} {step.name}", near.sentence if near else "")

    def _near(self, step: Step, item: pytest.Item | pytest.Collector) -> "Near | None":
        from accord.steps.near import nearest_definition

        key = (owner(item), step.type, step.name)
        # Where so many are undefined, it is not for a slip in each.
        if key not in self._nearest and len(self._nearest) < _MOST_COMPARED:
            definitions = self._there(item).definitions
            self._nearest[key] = nearest_definition(step, definitions, self._config.rootpath) or self._unloaded(
                step, item
            )
        return self._nearest.get(key)

    def _unloaded(self, step: Step, item: pytest.Item | pytest.Collector) -> "Near | None":
        """Say in which module a step is defined that is not loaded."""
        from accord.steps.near import Near
        from accord.steps.unloaded import unloaded

        if self._loaded is None:
            self._loaded = frozenset(files_of_step_definitions(item.session))
        failed = self._config.stash.get(NOT_LOADED, [])
        said = unloaded(step.type, step.name, self._config.rootpath, self._loaded, failed)
        return None if said is None else Near(said, is_mistake=True)

    def _there(self, item: pytest.Item | pytest.Collector) -> "DefinitionsThere":
        from accord.steps.suggestions import DefinitionsThere

        if (node := owner(item)) not in self._definitions_of:
            self._definitions_of[node] = DefinitionsThere.of(self._definitions.visible_to([item]))
            self._fixtures.update(dict.fromkeys(fixture_names(node)))
        return self._definitions_of[node]

    def pytest_bdd_step_func_lookup_error(
        self, request: pytest.FixtureRequest, step: Step, exception: Exception
    ) -> None:
        """Have pytest-bdd's own message say the difference as well, where a module binds the scenario."""
        if (near := self._near(step, request.node)) is not None:
            exception.add_note(visible(near.sentence))

    def snippet(self, kind: str, sentence: str) -> str:
        """Return a definition to begin with for a sentence, by what was noted of it."""
        from accord.steps.suggestions import snippet

        return snippet(self._found, kind, sentence)

    def note(self, item: pytest.Item, *, is_expected: bool = False) -> list[str]:
        """Note the undefined steps of a scenario, and return for each its place and what to say of it."""
        if (scenario := scenario_of(item)) is None:
            return []
        template, row = scenario
        rows = [dict(it) for table in template.examples for it in table.as_contexts()]
        noted = []
        for written, step in zip(template.steps, template.render(row).steps, strict=True):
            if self._definitions.matching(step.type, step.name, item):
                continue
            undefined = self._undefined(step, written.name, rows, item)
            undefined.is_expected &= is_expected
            place = (str(template.feature.filename), step.line_number, item.nodeid)
            # A scenario may run again.
            if (place, step.name) not in self._noted:
                self._noted.add((place, step.name))
                undefined.steps.append(place)
                undefined.tables.append(step.datatable is not None)
                undefined.texts.append(step.docstring is not None)
            where = location(place[0], place[1], self._config.rootpath)
            noted.append(f"{where}: {_sentence(undefined.step, undefined.difference)}")
        return noted

    def _undefined(self, step: Step, written: str, rows: Sequence[dict[str, str]], item: pytest.Item) -> "Undefined":
        from accord.steps.suggestions import Undefined

        key = (step.type, step.name, written)
        if key not in self._known:
            there = self._there(item)
            names = {name for row in rows for name in row if f"<{name}>" in written}
            columns = {name: [row[name] for row in rows if name in row] for name in sorted(names)}
            near = self._near(step, item)
            self._known[key] = Undefined(
                step.type,
                f"{step.keyword} {step.name}",
                step.name,
                written,
                columns,
                near.sentence if near else "",
                near is not None and near.is_mistake,
                asdict(there.style),
                there.like(written, columns),
            )
            self._found.append(self._known[key])
        return self._known[key]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker has found; one that crashed says nothing."""
        from accord.steps.suggestions import Undefined

        found, fixtures = getattr(node, "workeroutput", {}).get(_TRAVELLING, ([], []))
        self._found += [Undefined(**it) for it in found]
        self._fixtures.update(dict.fromkeys(fixtures))

    # First: the exit code is nobody else's affair then.
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand a worker's to the controller, or write the file that was asked for."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_TRAVELLING] = ([vars(it) for it in self._found], list(self._fixtures))
        elif self._file is not None and (code := self._code()):
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                # What is there by now is somebody's.
                with self._file.open("x", encoding="utf-8") as file:
                    file.write(f"{_HEAD}\n\n{code}\n")
            except OSError as error:
                self._fault = f"{self._file} cannot be written: {error.strerror or error}: name another file."
                session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell each sentence once, and show what to begin with."""
        if not self._found and self._file is None:
            return
        from accord.steps.suggestions import groups

        code = self._code()
        if self._found:
            terminalreporter.section("undefined steps")
        for group in groups(self._found):
            is_expected = all(it.is_expected for it in group)
            for line in self._lines(group):
                terminalreporter.write_line(visible(line), red=not is_expected, yellow=is_expected)
        if self._fault:
            terminalreporter.write_line(self._fault, red=True)
        name = self._config.getoption(OPTION)
        if code and (self._file is None or self._fault):
            terminalreporter.write_line(f"\nStep definitions to begin with:\n\n{code}\n")
        elif code:
            terminalreporter.write_line(f"\nStep definitions to begin with are in {name}.")
        elif self._file is not None:
            terminalreporter.write_line(f"{name} was not written: no step needs a definition.")

    def _lines(self, group: Sequence["Undefined"]) -> Iterator[str]:
        steps = sorted((file, line) for it in group for file, line, _test in it.steps)
        first = min(group, key=lambda it: min(it.steps))
        root = self._config.rootpath
        where, *others = dict.fromkeys(location(file, line, root) for file, line in steps)
        yield f"{where}: {_sentence(first.step, first.difference)}"
        if len(steps) > 1:
            more = len(others) - _MOST_PLACES
            named = ", ".join(others[:_MOST_PLACES]) + (f" and {more} more" if more > 0 else "")
            yield f"  {len(steps)} times{f': also {named}' if named else ''}"

    def _code(self) -> str:
        from accord.steps.suggestions import code_for

        is_own_file = self._file is not None and not self._fault
        return code_for(self._found, self._fixtures, is_own_file=is_own_file)


def _sentence(step: str, difference: str) -> str:
    said = f"{step.removesuffix(':')}: {difference}" if difference else step
    return f"no step definition says: {said}"


def _file_of(config: pytest.Config) -> Path | None:
    """Return the file that is to be written. Raises UsageError where there is one of that name."""
    if not (name := config.getoption(OPTION)) or hasattr(config, "workerinput"):
        return None
    file = Path(config.invocation_params.dir, name)
    if file.exists() or file.is_symlink():
        raise pytest.UsageError(f"--accord-snippets: {name} is there, and is not overwritten: name another file.")
    return file


UNDEFINED = pytest.StashKey[UndefinedSteps]()
