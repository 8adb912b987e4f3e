"""A feature that a Python module binds is the module's: it runs there alone, and is recorded and published."""

import pytest

from tests.helpers.project import PUBLISHING, Project

FEATURE = """
Feature: Drops
  Scenario: One
    Given a drop
    Then it is there

  Scenario: Two
    Given a drop
    Then it is there
"""
MODULE = """
import asyncio
from pytest_bdd import given, scenario, scenarios, then

{binding}

@given("a drop", target_fixture="drop")
async def _():
    await asyncio.sleep(0)
    return 1

@then("it is there")
async def _(drop):
    await asyncio.sleep(0)
    assert drop == 1
"""
ALL = 'scenarios("drops.feature")'


@pytest.fixture
def bound(project: Project, publishing: None) -> Project:
    project.feature(FEATURE, "drops.feature")
    project.path.joinpath("test_drops.py").write_text(MODULE.format(binding=ALL), encoding="utf-8")
    return project


@pytest.mark.parametrize("arguments", [[], ["."], ["test_drops.py"], ["drops.feature", "test_drops.py"]], ids=str)
def test_it_runs_in_the_module_alone_and_is_published(bound: Project, arguments: list[str]) -> None:
    result = bound.run_process(*arguments)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["2 promises kept: living-docs/index.html"])


def test_it_is_so_with_workers(bound: Project) -> None:
    result = bound.run_process("-n", "2")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["2 promises kept: living-docs/index.html"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "collected 2 items"),
        (["-k", "one"], "collected 2 items / 1 deselected / 1 selected"),
        (["--collect-only"], "*2 tests collected*"),
    ],
    ids=str,
)
def test_it_is_counted_once(bound: Project, arguments: list[str], said: str) -> None:
    bound.feature(FEATURE.replace("drop", "cup"), "data/cups.feature")
    bound.run_process(*arguments).stdout.fnmatch_lines([said])


def test_what_pytest_bdd_reports_of_it_is_there_until_the_end(bound: Project) -> None:
    bound.path.joinpath("conftest.py").write_text(
        """
from pytest_bdd.reporting import scenario_reports_registry, test_report_context_registry

def pytest_sessionfinish(session):
    reports = session.config.pluginmanager.getplugin("terminalreporter").stats["passed"]
    print("of reports:", [test_report_context_registry[it].name for it in reports])
    print("of tests:", [scenario_reports_registry[it].scenario.name for it in session.items])
""",
        encoding="utf-8",
    )
    result = bound.run_process("-s")
    result.stdout.fnmatch_lines(["*of reports: [[]'test_one', 'test_two']", "of tests: [[]'One', 'Two']"])


def test_of_a_module_that_binds_one_scenario_the_others_do_not_run(bound: Project) -> None:
    binding = '@scenario("drops.feature", "Two")\ndef test_two(): ...'
    bound.path.joinpath("test_drops.py").write_text(MODULE.format(binding=binding), encoding="utf-8")
    result = bound.run_process()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 promise kept, 1 not run: living-docs/index.html"])


def test_a_feature_that_no_module_binds_runs_beside_it(bound: Project) -> None:
    bound.feature(FEATURE.replace("drop", "cup").replace("it is", "it stands"), "cups.feature")
    steps = MODULE.format(binding="").replace("drop", "cup").replace("it is", "it stands")
    bound.path.joinpath("conftest.py").write_text(steps, encoding="utf-8")
    result = bound.run_process()
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["4 promises kept: living-docs/index.html"])


def test_a_failing_one_shows_what_pytest_bdd_shows_and_is_broken(bound: Project) -> None:
    bound.change("test_drops.py", "drop == 1", "drop == 2")
    result = bound.run_process()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*assert 1 == 2*", "0 promises kept, 2 broken: living-docs/index.html"])


def test_items_of_other_plugins_run_beside_it(bound: Project) -> None:
    bound.path.joinpath("conftest.py").write_text(
        """
import pytest

class Item(pytest.Item):
    def runtest(self): ...

class File(pytest.File):
    def collect(self):
        yield Item.from_parent(self, name="one")

def pytest_collect_file(file_path, parent):
    return File.from_parent(parent, path=file_path) if file_path.suffix == ".yml" else None
""",
        encoding="utf-8",
    )
    bound.path.joinpath("it.yml").touch()
    bound.path.joinpath("adding.py").write_text('def f():\n    """\n    >>> f()\n    1\n    """\n    return 1\n')
    bound.path.joinpath("test_unit.py").write_text(
        "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): ...\n"
    )
    bound.run_process("--doctest-modules").assert_outcomes(passed=5)


FAULTY = """
Feature: Drops
  Scenario: One
    Given a drop

  @unheard
  Scenario: Two
    Given a drop
    Then it is there
"""


def test_what_breaks_a_rule_there_is_said_and_fails_nothing(bound: Project) -> None:
    bound.settings(PUBLISHING.replace("--strict-markers", ""))
    bound.feature(FAULTY, "drops.feature")
    result = bound.run_process("-W", "ignore")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            'drops.feature:2: the scenario "One" has no Then, so it checks nothing: * [[]no-then]',
            "drops.feature:5: the tag @unheard is not known, * [[]unknown-tag]",
            "2 promises kept: living-docs/index.html",
        ]
    )


def test_it_fails_where_that_is_strict(bound: Project) -> None:
    bound.settings(PUBLISHING.replace("--strict-markers", "") + "accord_strict = true\n")
    bound.feature(FAULTY.replace("  @unheard\n", ""), "drops.feature")
    result = bound.run_process()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(['drops.feature:2: the scenario "One" has no Then, * [[]no-then]'])
    result.stdout.fnmatch_lines(["1 promise kept, 1 broken: living-docs/index.html"])


def test_of_many_ten_are_said(bound: Project) -> None:
    bound.feature(
        "Feature: Drops\n" + "".join(f"  Scenario: {number}\n    Given a drop\n" for number in range(12)),
        "drops.feature",
    )
    result = bound.run_process()
    result.assert_outcomes(passed=12)
    assert len([line for line in result.outlines if "[no-then]" in line]) == 10
    result.stdout.fnmatch_lines(["And 2 more of the kind: `accord check` names them."])


def test_a_feature_without_a_step_that_is_defined_where_it_stands_is_named_beside_other_tests(bound: Project) -> None:
    bound.feature(FEATURE.replace("drop", "cup"), "data/cups.feature")
    result = bound.run_process()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "data/cups.feature was not run: no Python module binds it, and none of its steps is defined where it *",
            "2 promises kept, 2 not run: living-docs/index.html",
        ]
    )


@pytest.mark.parametrize("arguments", [["data"], ["test_drops.py", "data/cups.feature"]], ids=str)
def test_it_runs_where_it_is_all_that_there_is_or_is_named(bound: Project, arguments: list[str]) -> None:
    bound.feature(FEATURE.replace("drop", "cup"), "data/cups.feature")
    result = bound.run_process(*arguments)
    assert result.parseoutcomes()["failed"] == 2
    result.stdout.fnmatch_lines(["*no step definition says: Given a cup*"])


def test_it_runs_where_that_is_strict(bound: Project) -> None:
    bound.settings(f"{PUBLISHING}accord_strict = true\n")
    bound.feature(FEATURE.replace("drop", "cup"), "data/cups.feature")
    bound.run_process().assert_outcomes(passed=2, failed=2)


def test_a_conftest_that_looks_at_each_test_as_at_a_function_sees_what_it_can_look_at(bound: Project) -> None:
    bound.feature(FEATURE.replace("Scenario: Two", "Rule: More\n  Scenario: Two"), "drops.feature")
    bound.feature("Feature: Nothing to run", "data/nothing.feature")
    bound.path.joinpath("conftest.py").write_text(
        "def pytest_itemcollected(item):\n    item._doc = (item.parent.obj.__doc__, item.obj.__doc__, item.function)\n",
        encoding="utf-8",
    )
    bound.run_process("test_drops.py", ".").assert_outcomes(passed=2, failed=1)
