"""Features that Python modules bind, by pytest-bdd's `scenarios()` or `@scenario`: they run there, and nowhere else.

What pytest-bdd makes of them holds: which scenarios run, and with which steps. They are recorded as any other. What
breaks a rule passed before Accord was installed, so that it is only said, at the end of the run; where `accord_strict`
is set it fails, as in other features.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from accord.basics.source import relative
from accord.compat.pytest_bdd import GherkinParseError, bound_scenario
from accord.errors import EmptyFeatureError
from accord.gherkin.document import Document, read
from accord.gherkin.item import FaultyPart, Scenario
from accord.gherkin.rules.catalogue import faults
from accord.gherkin.rules.fault import Fault
from accord.gherkin.rules.switches import SWITCHES
from accord.gherkin.rules.tags import TAGS
from accord.steps.definitions import DEFINITIONS, Definitions
from accord.steps.modules import NOT_LOADED

# How many faults are said at the end of a run: a suite that has just met Accord may have hundreds.
_MOST_SAID = 10


class Bound:
    """The features that the modules of a run bind."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._documents: dict[Path, Document] = {}
        self._faults: dict[Path, list[Fault]] = {}

    def take(self, items: list[pytest.Item]) -> Iterator[Document]:
        """Leave out what these features were collected as by themselves, and yield what each of them has."""
        bound = (found for item in items if (found := bound_scenario(item)) is not None)
        paths = dict.fromkeys(Path(template.feature.filename) for template, _values in bound)
        items[:] = [it for it in items if not (isinstance(it, Scenario | FaultyPart) and it.path in paths)]
        for path in paths:
            if (document := _read(path, self._config.rootpath)) is not None:
                stash = self._config.stash
                self._documents[path] = document
                self._faults[path] = sorted(stash[SWITCHES].remaining(document, faults(document, stash[TAGS])))
                yield document

    @property
    def has_any(self) -> bool:
        """Whether a module binds a feature."""
        return bool(self._faults)

    def leave_foreign(self, items: list[pytest.Item]) -> Iterator[str]:
        """Leave out features of whose steps none is defined where they stand, and yield what to say of each.

        Beside other tests they are those of a suite whose steps are in modules, which binds some, or its data. One that
        is named on the command line runs, and so do all where they are all that there is, or where that is strict.
        """
        named = {Path(argument.partition("::")[0]).absolute() for argument in self._config.args}
        features: dict[Path, list[Scenario]] = {}
        for item in items:
            if isinstance(item, Scenario):
                features.setdefault(item.path, []).append(item)
        definitions = self._config.stash.get(DEFINITIONS, None)
        are_alone = all(isinstance(it, Scenario | FaultyPart) for it in items)
        # What a module would define that failed to load, nobody knows.
        is_certain = not self._config.stash.get(NOT_LOADED, [])
        if definitions is None or self._config.getini("accord_strict") or are_alone or not is_certain:
            return
        foreign = {
            path
            for path, scenarios in features.items()
            if path not in named and _has_only_undefined(scenarios, definitions)
        }
        items[:] = [it for it in items if it.path not in foreign]
        for path in sorted(foreign):
            uri = relative(path, self._config.rootpath)
            yield (
                f"{uri} was not run: no Python module binds it, and none of its steps is defined where it stands. "
                "Name it on the command line to have it run."
            )

    def faults_of(self, item: pytest.Item) -> list[str]:
        """Return what fails a scenario that a module binds: nothing unless that is strict."""
        if (bound := bound_scenario(item)) is None or not self._config.getini("accord_strict"):
            return []
        template, _values = bound
        if (document := self._documents.get(path := Path(template.feature.filename))) is None:
            return []
        lines = {
            fault: {node["location"]["line"] for node in document.concerned(fault.line)} for fault in self._faults[path]
        }
        return [_said(document, fault) for fault, concerned in lines.items() if template.line_number in concerned]

    def faults(self) -> Iterator[tuple[str, Fault]]:
        """Yield what is wrong with each of these features, with its address."""
        yield from ((self._documents[path].uri, fault) for path, found in self._faults.items() for fault in found)

    def documents(self) -> dict[Path, Document]:
        """Return what each of these features has."""
        return self._documents

    def notices(self) -> list[str]:
        """Return what is said at the end of a run that is not strict."""
        if self._config.getini("accord_strict"):
            return []
        said = [f"{uri}:{fault.line}: {fault}" for uri, fault in self.faults()]
        if (more := len(said) - _MOST_SAID) > 0:
            return [*said[:_MOST_SAID], f"And {more} more of the kind: `accord check` names them."]
        return said


def _has_only_undefined(scenarios: Iterable[Scenario], definitions: Definitions) -> bool:
    """Return whether these scenarios have steps, and none of them has a definition."""
    steps = ((it, step) for it in scenarios for step in it.template.render(it.row).steps)
    found = [bool(definitions.matching(step.type, step.name, it)) for it, step in steps]
    return bool(found) and not any(found)


BOUND = pytest.StashKey[Bound]()


def _said(document: Document, fault: Fault) -> str:
    return f"{document.uri}:{fault.line}: {fault}"


def _read(feature: Path, rootpath: Path) -> Document | None:
    """Return what a feature file has, or None where only pytest-bdd can read it."""
    try:
        return read(feature, relative(feature, rootpath))
    except (GherkinParseError, EmptyFeatureError, OSError, UnicodeDecodeError):
        return None
