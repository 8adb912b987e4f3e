"""Scenarios, tests on Accord's fixtures, and the fixtures of both share one event loop; other tests have their own."""

import pytest

from tests.helpers.project import SETTINGS, Project

UNSET = SETTINGS.replace("asyncio_mode = auto\n", "")
FIXTURE_SCOPE = "asyncio_default_fixture_loop_scope"
TEST_SCOPE = "asyncio_default_test_loop_scope"


@pytest.fixture
def loops(project: Project) -> Project:
    """A suite that notes the event loops of its steps, fixtures and tests, and sets nothing."""
    project.settings(UNSET)
    project.copy("loops")
    return project


def test_steps_fixtures_of_each_scope_and_kind_and_tests_on_the_database_share_the_sessions_loop(
    loops: Project,
) -> None:
    result = loops.run("-s", "one.feature", "test_on_the_database.py")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["noted 18 on 1 loop(s)"])
    result.stdout.no_fnmatch_line("*Warning*")


def test_other_tests_and_their_fixtures_stay_on_loops_of_their_own(loops: Project) -> None:
    result = loops.run("-s", "test_of_its_own.py", "one.feature")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*test_of_its_own.py: the test's fixture is on the test's loop", "*passed*"])


def test_settings_that_name_the_session_do_no_harm(loops: Project) -> None:
    loops.settings(f"{SETTINGS}{FIXTURE_SCOPE} = session\n{TEST_SCOPE} = session\n")
    loops.run().assert_outcomes(passed=5)


@pytest.mark.parametrize("scope", ["function", "module", "fixture-scope"])
@pytest.mark.parametrize("path", ["one.feature", "test_on_the_database.py", "test_bound.py"])
def test_a_setting_that_rules_it_out_is_one_usage_error(loops: Project, scope: str, path: str) -> None:
    loops.settings(f"{UNSET}{FIXTURE_SCOPE} = {scope}\n")
    result = loops.run(path)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(
        [
            f"*Exit: {FIXTURE_SCOPE} is {scope}, so that async fixtures would not share the event loop of async steps: "
            f"set it to session, or remove it, or give this run -o {FIXTURE_SCOPE}=session. !*"
        ]
    )
    result.stdout.no_fnmatch_line("*different loop*")


def test_a_run_may_be_given_another_setting(loops: Project) -> None:
    loops.settings(f"{UNSET}{FIXTURE_SCOPE} = function\n")
    loops.run("-o", f"{FIXTURE_SCOPE}=session", "one.feature").assert_outcomes(passed=2)


def test_with_workers_too(loops: Project) -> None:
    loops.settings(f"{UNSET}{FIXTURE_SCOPE} = function\n")
    result = loops.run("-n", "2", "one.feature")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines([f"*{FIXTURE_SCOPE} is function, so that *"])


def test_a_setting_of_tests_that_have_no_part_in_accord_holds_for_them(loops: Project) -> None:
    loops.settings(f"{UNSET}{FIXTURE_SCOPE} = function\n{TEST_SCOPE} = function\n")
    loops.run("test_of_its_own.py").assert_outcomes(passed=2)


def test_a_setting_of_the_loop_of_tests_gives_way_where_a_test_uses_the_database(loops: Project) -> None:
    loops.settings(f"{UNSET}{TEST_SCOPE} = function\n")
    loops.run("test_on_the_database.py").assert_outcomes(passed=1)


def test_a_test_that_names_another_loop_and_uses_the_database_is_one_usage_error(loops: Project) -> None:
    loops.change("test_on_the_database.py", "@pytest.mark.asyncio", '@pytest.mark.asyncio(loop_scope="module")')
    result = loops.run("test_on_the_database.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(
        ['*test_on_the_database.py::test_rows is marked with loop_scope="module", and uses the run\'s database, *']
    )


def test_sync_scenarios_need_no_loop_whatever_is_set(project: Project) -> None:
    project.settings(f"{UNSET}{FIXTURE_SCOPE} = function\n")
    project.scenario("Then it holds")
    project.steps('@then("it holds")\ndef _():\n    pass')
    project.run().assert_outcomes(passed=1)


def test_without_pytest_asyncio_sync_scenarios_run(project: Project) -> None:
    project.settings(UNSET)
    project.scenario("Then it holds")
    project.steps('@then("it holds")\ndef _():\n    pass')
    project.run_process("-p", "no:asyncio").assert_outcomes(passed=1)


def test_sync_scenarios_that_a_module_binds_have_the_loops_that_they_had(project: Project) -> None:
    project.settings(UNSET)
    project.scenario("Then it holds")
    project.path.joinpath("test_it.py").write_text(
        """
import asyncio
import pytest_asyncio
from pytest_bdd import scenarios, then

scenarios("it.feature")

@pytest_asyncio.fixture
async def loop():
    return asyncio.get_running_loop()

@then("it holds")
def _(loop, _function_scoped_runner):
    assert loop is _function_scoped_runner.get_loop()
""",
        encoding="utf-8",
    )
    project.run().assert_outcomes(passed=1)
