"""What Accord uses of pytest that is not documented. Tested against pytest 9.0 to 9.2."""

import argparse
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from fnmatch import fnmatch
from functools import partial
from itertools import groupby
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any, NamedTuple, cast

import pytest
from _pytest import terminal
from _pytest._code.code import ExceptionChainRepr, ExceptionRepr, ReprEntryNative, Traceback, TracebackEntry
from _pytest._io.wcwidth import wcswidth
from _pytest.compat import running_on_ci
from _pytest.fixtures import FixtureFunctionDefinition
from _pytest.pathlib import (
    CouldNotResolvePathError,
    absolutepath,
    fnmatch_ex,
    import_path,
    module_name_from_path,
    resolve_pkg_root_and_module_name,
)
from _pytest.python import FunctionDefinition

# So many frames of others between two of the project are shown.
_SHORT_RUN = 2
_SCOPE_MISMATCH = re.compile(
    r"ScopeMismatch: You tried to access the (\w+) scoped fixture (\w+) with a (\w+) scoped request object\."
    r".*\nRequested fixture:\n(.+?:\d+): ",
    re.DOTALL,
)
# The verbosity from which on nothing that is compared is cut.
_WHOLE = 2

__all__ = [
    "ExceptionRepr",
    "ScopeMismatch",
    "SessionFixtures",
    "all_fixtures",
    "begin_with",
    "can_be_mark",
    "cause_of",
    "compare_in_full",
    "count_fewer",
    "drop_fixtures",
    "fixture_value",
    "fold_traceback",
    "give_fixture",
    "give_way",
    "has_fixture",
    "import_file",
    "is_fixture_definition",
    "is_not_recursed",
    "is_of_pytest",
    "know_mark",
    "options_of",
    "parametrized",
    "renew_fixtures",
    "replace_setting",
    "settle_id",
    "stop_capturing",
    "summarize_by",
    "trimmed",
    "unknown_settings",
    "width_of",
]


def begin_with(shown: ExceptionRepr, text: str) -> None:
    """Have what pytest shows of an exception begin with the text, be it shown in another process."""
    first = shown.chain[0][0] if isinstance(shown, ExceptionChainRepr) else shown.reprtraceback
    first.reprentries = [ReprEntryNative([text]), *first.reprentries]


def fold_traceback(item: pytest.Item, error: BaseException, is_own: Callable[[str], bool]) -> None:
    """Have the failure of an item shown from the first of its own frames on, without long runs of others' frames.

    So are its causes, of which those without own frames show where they were raised; the last frame is shown always.
    An error without own frames is left as it is, and with `--full-trace` all are shown.
    """
    if item.config.getoption("fulltrace", False) or not any(
        is_own(frame.f_code.co_filename) for frame, _line in walk_tb(error.__traceback__)
    ):
        return
    shown_by: Any = item
    original = shown_by._traceback_filter
    is_auto = item.config.getoption("tbstyle", "auto") == "auto"

    def filtered(excinfo: pytest.ExceptionInfo[BaseException]) -> Traceback:
        runs = [(key, list(run)) for key, run in groupby(original(excinfo), lambda it: is_own(str(it.path)))]
        own = [number for number, (key, _run) in enumerate(runs) if key]
        shown: list[TracebackEntry] = []
        for number, (_key, run) in enumerate(runs):
            if number in own or (own and own[0] < number and len(run) <= _SHORT_RUN):
                shown += run
            elif number == len(runs) - 1:
                shown.append(run[-1])
        whole = [runs[own[0]][1][0], runs[own[-1]][1][-1]] if own else []
        return Traceback(it.with_repr_style(None if it in whole else "short") if is_auto else it for it in shown)

    shown_by._traceback_filter = filtered


def is_of_pytest(handler: logging.Handler) -> bool:
    """Whether pytest put it there, as it does for each phase of each test."""
    return type(handler).__module__ == "_pytest.logging"


def can_be_mark(name: str) -> bool:
    """Return whether a mark of this name, without arguments, can be set: none begins with `_`, and one needs some."""
    return bool(name) and not name.startswith("_") and name != "parametrize"


def is_not_recursed(config: pytest.Config, folder: Path) -> bool:
    """Return whether the setting `norecursedirs` has pytest pass over a folder, and nothing else does."""
    if not any(fnmatch_ex(pattern, folder) for pattern in config.getini("norecursedirs")):
        return False

    def listed(option: str, name: str) -> list[str]:
        given = [absolutepath(it) for it in config.getoption(option) or ()]
        return [str(it) for it in (*given, *(config._getconftest_pathlist(name, path=folder.parent) or ()))]

    ignored, patterns = listed("ignore", "collect_ignore"), listed("ignore_glob", "collect_ignore_glob")
    return str(folder) not in ignored and not any(fnmatch(str(folder), pattern) for pattern in patterns)


def know_mark(config: pytest.Config, name: str) -> None:
    """Have `pytest.mark` know a mark until the run ends, also one whose name no line of `markers` can say."""
    marks: set[str] = pytest.mark._markers
    if name not in marks:
        marks.add(name)
        config.add_cleanup(lambda: marks.discard(name))


def options_of(group: pytest.OptionGroup) -> list[str]:
    """Return the names of a group's options."""
    return [name for option in group.options for name in option.names()]


def unknown_settings(config: pytest.Config) -> tuple[list[str], dict[str, str]]:
    """Return the settings that are known, and those that are not, each with where it is: a file, or `-o`."""
    known = {*config._parser._inidict, *getattr(config._parser, "_ini_aliases", ())}
    # Before 9.1 it had the second name, which warns since.
    in_file: Any = config._inicfg if hasattr(config, "_inicfg") else config.inicfg
    given = dict.fromkeys(in_file, str(config.inipath))
    given |= {it.partition("=")[0]: "-o" for it in config.known_args_namespace.override_ini or ()}
    return sorted(known), {name: place for name, place in given.items() if name not in known}


def typed_options(config: pytest.Config) -> argparse.Namespace:
    """Return the options as the command line alone has them, without what settings add."""
    return config._parser.parse_known_args(config.invocation_params.args)


def count_fewer(config: pytest.Config, number: int) -> None:
    """Have pytest say that it has collected fewer items, by this number, than it has."""
    if (reporter := config.pluginmanager.getplugin("terminalreporter")) is not None:
        reporter._numcollected -= number


def replace_setting(config: pytest.Config, name: str, value: str) -> None:
    """Have a setting be this from now on, whatever the configuration says."""
    config._inicache[name] = value


def stop_capturing(config: pytest.Config) -> None:
    """Have what this process writes go where it went before pytest began to capture it."""
    if capture := config.pluginmanager.getplugin("capturemanager"):
        capture.suspend(in_=True)


def parametrized(
    parent: pytest.Collector, name: str, function: Callable[..., object], example: str | None
) -> Iterator[dict[str, Any]]:
    """Yield with what `pytest.Function.from_parent` makes each item of a function: one, or one for each parameter.

    So does pytest for a test function of a Python module: fixtures with parameters that the function has (as by
    `autouse`), its marks, and each `pytest_generate_tests` that is visible here have a say. An example stands in the
    brackets of the name, before the parameters.
    """
    definition: Any = FunctionDefinition.from_parent(parent, name=name, callobj=function)
    fixtures = definition._fixtureinfo
    metafunc = pytest.Metafunc(definition, fixtures, parent.config, _ispytest=True)
    parent.ihook.pytest_generate_tests(metafunc=metafunc)
    if not metafunc._calls:
        yield {"name": _named(name, [example]), "fixtureinfo": fixtures}
        return
    metafunc._recompute_direct_params_indices()
    # A parameter may stand in the place of a fixture, and of those that only that one asks for.
    fixtures.prune_dependency_tree()
    for call in metafunc._calls:
        named = _named(name, [example, call.id or None])
        yield {"name": named, "fixtureinfo": fixtures, "callspec": call, "keywords": {call.id: True}}


def _named(name: str, parts: list[str | None]) -> str:
    known = [part for part in parts if part is not None]
    return f"{name}[{'-'.join(known)}]" if known else name


def settle_id(item: pytest.Item) -> None:
    """Have the item's id equal what pytest reads back from its text, so that `--lf` finds the item again.

    Since 9.2 an id has parts, and pytest takes apart what it saved; that an item which was not made by `parametrize`
    alone has an example in brackets, it can't know.
    """
    if hasattr(item, "_id"):
        assert item.parent is not None
        item._id = type(item._id).parse(f"{item.parent.nodeid}::{item.name}")


def give_fixture(request: pytest.FixtureRequest, name: str, value: object) -> None:
    """Give a value to whoever asks for the fixture of that name from now on, until the test ends.

    What `pytest.register_fixture` registers, pytest keeps until the run ends, and the value with it.
    """
    # The one kind of fixture that pytest makes without registering it; how one is made changes from release to release.
    fixture: Any = copy(request._get_active_fixturedef("request"))
    fixture.argname, fixture.cached_result = name, (value, None, None)
    request._fixture_defs[name] = fixture


def give_way(session: pytest.Session, module: str) -> None:
    """Have the fixtures of a plugin's module be overridden by those that other plugins have by the same names.

    Of several plugins pytest takes the one that was registered last, which depends on the order of their loading.
    """
    manager: Any = session._fixturemanager
    # Since 9.2 they are kept by node, the nearest first; before that together, the nearest last.
    if (by_node := getattr(manager, "_arg2node2fixturedefs", None)) is not None:
        for fixtures in by_node.values():
            fixtures.get(session, []).sort(key=lambda it: it.func.__module__ == module)
    else:
        for fixtures in manager._arg2fixturedefs.values():
            fixtures.sort(key=lambda it: it.func.__module__ != module)


def all_fixtures(session: pytest.Session) -> "Iterator[pytest.FixtureDef[Any]]":
    """Yield each fixture that is registered, wherever it is visible."""
    manager: Any = session._fixturemanager
    # Kept as `give_way` has it.
    if (by_node := getattr(manager, "_arg2node2fixturedefs", None)) is not None:
        for nodes in by_node.values():
            for fixtures in nodes.values():
                yield from fixtures
    else:
        for fixtures in manager._arg2fixturedefs.values():
            yield from fixtures


def has_fixture(item: pytest.Item, name: str) -> bool:
    """Return whether the item may ask for a fixture of that name."""
    return bool(item.session._fixturemanager.getfixturedefs(name, item))


def fixture_value(item: pytest.Item, name: str) -> object:
    """Return the value of a fixture, which is set up for it where it was not; it ends with the test."""
    value: object = cast(Any, item)._request.getfixturevalue(name)
    return value


def is_fixture_definition(value: object) -> bool:
    """Return whether it is what stands in a module in the place of a function that defines a fixture."""
    return isinstance(value, FixtureFunctionDefinition)


def renew_fixtures(item: pytest.Function) -> None:
    """Have an item use what `autouse` says of fixtures that were registered after it was collected."""
    manager: Any = item.session._fixturemanager
    fixtures = manager.getfixtureinfo(node=item, func=item.obj, cls=None)
    if set(fixtures.names_closure) - set(item.fixturenames):
        item._fixtureinfo = fixtures
        item.fixturenames = fixtures.names_closure
        item._initrequest()


def import_file(config: pytest.Config, file: Path) -> ModuleType:
    """Import a module from its file, as pytest imports a test module, whichever other one has its name.

    Raises what the module raises.
    """
    names = {module_name_from_path(file, config.rootpath)}
    with suppress(CouldNotResolvePathError):
        names.add(resolve_pkg_root_and_module_name(file, consider_namespace_packages=True)[1])
    # Of those that are imported pytest would warn.
    pytest.register_assert_rewrite(*names.difference(sys.modules))
    return import_path(file, mode="importlib", root=config.rootpath, consider_namespace_packages=True)


def compare_in_full(config: pytest.Config) -> Callable[[], None]:
    """Have assertions show all of what they compare from now on; return what undoes it.

    Pytest itself cuts it after eight lines, unless it is to be verbose.
    """
    name = "verbosity_assertions"
    before = config.getini(name)
    if config.get_verbosity(pytest.Config.VERBOSITY_ASSERTIONS) < _WHOLE:
        config._inicache[name] = str(_WHOLE)
    return partial(config._inicache.__setitem__, name, before)


def summarize_by(line: Callable[[pytest.TestReport, int | None], str | None]) -> Callable[[], None]:
    """Have the short summary say of a failed test what `line` returns for it, if anything; return what undoes it.

    `line` is given the width that there is for it, or None where pytest does not cut its lines, as in CI.
    """
    original = terminal._get_line_with_reprcrash_message

    def replacing(config: pytest.Config, rep: Any, tw: Any, word_markup: dict[str, bool]) -> str:
        word, markup = rep._get_verbose_word_with_markup(config, word_markup)
        is_cut = config.option.force_short_summary or not (running_on_ci() or config.option.verbose >= 2)
        said = line(rep, tw.fullwidth - wcswidth(word) - 1 if is_cut else None) if rep.failed else None
        return original(config, rep, tw, word_markup) if said is None else f"{tw.markup(word, **markup)} {said}"

    terminal._get_line_with_reprcrash_message = replacing

    def undo() -> None:
        terminal._get_line_with_reprcrash_message = original

    return undo


def cause_of(report: pytest.TestReport) -> str:
    """Return the first line of why a test failed, as pytest has it in its short summary."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = report.longrepr if isinstance(report.longrepr, str) else "" if crash is None else str(crash.message)
    return text.partition("\n")[0]


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return max(wcswidth(text), 0)


def trimmed(text: str, width: int) -> str:
    """Return a text that takes at most so many columns, with an ellipsis for what is cut."""
    if width_of(text) <= width:
        return text
    while text and width_of(text) >= width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def drop_fixtures(item: pytest.Item) -> None:
    """Drop the fixtures that pytest keeps of a test that has ended until the run ends, and looks at no more."""
    fixtures = _fixtures_of(item)
    for fixture in fixtures.values():
        # Fixtures that outlast the test are to finish those of the test first, which have finished.
        fixture._finalizers[:] = [finalizer for finalizer in fixture._finalizers if not _has_finished(finalizer)]
    fixtures.clear()


class ScopeMismatch(NamedTuple):
    """A fixture of a narrower scope than one that asks for it."""

    name: str
    scope: str
    needed: str
    place: str
    """`file:line` of the one that is asked for."""

    @classmethod
    def of(cls, error: BaseException) -> "ScopeMismatch | None":
        """Return that for which pytest raised an error, if it is one for this: nothing but its text says so."""
        found = _SCOPE_MISMATCH.match(str(error))
        return cls(found[2], found[1], found[3], found[4]) if found else None


class SessionFixtures:
    """The fixtures of the session's scope that scenarios had, for others that see the same fixtures.

    pytest goes through all that each of them is made of, for every test that asks for it, which takes longer than a
    step. What may differ from test to test is left to it: one that is parametrized, or overridden.
    """

    def __init__(self) -> None:
        self._known: dict[pytest.Collector, dict[str, Any]] = {}

    def give(self, item: pytest.Item, owner: pytest.Collector) -> None:
        """Have a scenario that has not begun take the fixtures that are known to be visible at its owner."""
        known = self._known.get(owner, {})
        # One without a cached result was torn down meanwhile: pytest is to find it itself, and set it up again.
        _fixtures_of(item).update({name: fixture for name, fixture in known.items() if fixture.cached_result})

    def keep(self, item: pytest.Item, owner: pytest.Collector) -> None:
        """Note the fixtures of a scenario that has ended."""
        known = self._known.setdefault(owner, {})
        for name, fixture in _fixtures_of(item).items():
            if name not in known and _is_of_session(fixture):
                visible = item.session._fixturemanager.getfixturedefs(name, item)
                # Of several, the nearest overrides the others, and alone asks for them.
                if visible is not None and visible[-1] is fixture:
                    known[name] = fixture

    def clear(self) -> None:
        """Know none any more: a test that is no scenario, or has parameters, may give them others."""
        self._known.clear()


def _fixtures_of(item: pytest.Item) -> dict[str, Any]:
    fixtures: dict[str, Any] = item._request._fixture_defs if hasattr(item, "_request") else {}
    return fixtures


def _is_of_session(fixture: Any) -> bool:
    # Subclasses are pytest's own, for `request` and for parameters, which are of one test.
    return type(fixture) is pytest.FixtureDef and fixture.scope == "session" and fixture.params is None


def _has_finished(finalizer: Any) -> bool:
    finish = finalizer.func if isinstance(finalizer, partial) else None
    fixture = getattr(finish, "__self__", None)
    return isinstance(fixture, pytest.FixtureDef) and fixture.cached_result is None
