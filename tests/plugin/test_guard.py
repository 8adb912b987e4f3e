"""What a scenario or a plain test leaves changed fails it, and is put back before the next one."""

import asyncio
import logging
import sys
from pathlib import Path
from textwrap import indent

import pytest
from sqlalchemy import make_url

from accord.guards.guard import StateGuard
from app.core.config import get_settings
from app.main import app
from steps.service import Environment
from tests.helpers.project import SETTINGS, Project
from tests.helpers.servers import query

LEAKS = {
    "a variable that is set": (
        'os.environ["LEAK"] = "1"',
        "os.environ changed: LEAK was unset and is '1'",
    ),
    "a variable that is changed": (
        'os.environ["KEPT"] = "lost"',
        "os.environ changed: KEPT was 'kept' and is 'lost'",
    ),
    "a variable that is deleted": (
        'del os.environ["KEPT"]',
        "os.environ changed: KEPT was 'kept' and is unset",
    ),
    "a variable that is not text": (
        'os.environb[b"LEAK"] = b"\\xff"',
        "os.environ changed: LEAK was unset and is '*udcff'",
    ),
    "a clock that time-machine stopped": (
        "time_machine.travel(0, tick=False).start()",
        "the clock changed: time travel was over and is under way; the time was right and is wrong",
    ),
    "a clock that time-machine stopped where it is": (
        "time_machine.travel(time.time(), tick=False).start()",
        "the clock changed: time travel was over and is under way",
    ),
    "a clock that time-machine set, with its time zone": (
        'time_machine.travel(datetime.datetime(2020, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))).start()',
        "the clock changed: time travel was over and is under way; the time was right and is wrong",
    ),
    "a clock that freezegun stopped": (
        'freezegun.freeze_time("2020-01-01").start()',
        "the clock changed: time.time was <built-in function time> and is <function fake_time at *>; *",
    ),
    "a clock that is patched": (
        "time.time = lambda: 0",
        "the clock changed: time.time was <built-in function time> and is <function *>",
    ),
    "a date that is patched": (
        'datetime.datetime = type("Fake", (), {})',
        "the clock changed: datetime.datetime was <class 'datetime.datetime'> and is <class '*.Fake'>",
    ),
    "the level of the root logger": (
        "logging.root.setLevel(logging.DEBUG)",
        'logging changed: the logger "root" was WARNING and is DEBUG',
    ),
    "a handler of the root logger": (
        "logging.root.addHandler(logging.StreamHandler())",
        'logging changed: the logger "root" was WARNING and is WARNING, <StreamHandler * (NOTSET)>',
    ),
    "logging that is disabled": (
        "logging.disable(logging.ERROR)",
        "logging changed: logging.disable was NOTSET and is ERROR",
    ),
    "the level of a logger": (
        "library.setLevel(logging.ERROR)",
        'logging changed: the logger "library" was NOTSET and is ERROR',
    ),
    "a logger that is disabled and does not propagate": (
        "library.disabled, library.propagate = True, False",
        'logging changed: the logger "library" was NOTSET and is NOTSET, disabled, not propagating',
    ),
    "a handler of a logger": (
        "library.addHandler(logging.StreamHandler())",
        'logging changed: the logger "library" was NOTSET and is NOTSET, <StreamHandler * (NOTSET)>',
    ),
    "what the team watches": (
        "overrides[get_session] = 1",
        "overrides changed: get_session was unset and is 1",
    ),
}

OF_ALL = f"{SETTINGS}accord_guards = all\n"
each_leak = pytest.mark.parametrize(("body", "told"), LEAKS.values(), ids=LEAKS)


if sys.platform == "win32":
    del LEAKS["a variable that is not text"]


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "kept")


def sentence(body: str, told: str) -> str:
    rest = ""
    if "freezegun" in body:
        rest = " Only what began freezegun can end it: later tests of this run can't freeze the time with it."
    return told.replace("[", "[[]") + ": undo it in a fixture, after its `yield`." + rest


def run(project: Project, body: str, *arguments: str) -> pytest.RunResult:
    """Run it in a process of its own if freezegun is left in it, which nobody can end."""
    return project.run_process(*arguments) if "freezegun" in body else project.run(*arguments)


@each_leak
def test_a_scenario_that_leaves_it_changed_is_named_and_the_next_one_starts_clean(
    project: Project, body: str, told: str
) -> None:
    project.copy("leaking")
    project.feature("""
        Feature: It
          Scenario: One
            Given a leak
            Then nothing is asked

          Scenario: Two
            Given nothing
            Then all is as it was
    """)
    project.more_steps(f"""
@given("a leak")
async def _():
{indent(body, "    ")}
""")
    result = run(project, body)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*_ ERROR at teardown of One _*",
            f"The scenario `One` (it.feature:2) leaves {sentence(body, told)}",
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("*.py:*: in *")


PLAIN = """
from conftest import *

def test_one():
    {body}

def test_two():
    all_is_as_it_was()
"""


@each_leak
def test_a_plain_test_that_leaves_it_changed_is_named_and_the_next_one_starts_clean(
    project: Project, body: str, told: str
) -> None:
    project.settings(OF_ALL)
    project.copy("leaking")
    project.pytester.makepyfile(test_plain=PLAIN.format(body=body))
    result = run(project, body, "test_plain.py")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines([f"The test `test_one` (test_plain.py:3) leaves {sentence(body, told)}"])


def test_what_a_plain_test_leaves_is_its_own_affair_unless_that_is_set(project: Project) -> None:
    project.copy("leaking")
    project.pytester.makepyfile(
        test_plain="""
import os
from conftest import *
def test_one(): os.environ["LEAK"] = "1"; logging.disable()
def test_two(): assert os.environ.pop("LEAK") == "1"; logging.disable(0)
"""
    )
    project.run("test_plain.py").assert_outcomes(passed=2)


@pytest.mark.parametrize(("strict", "errors"), [("false", 0), ("true", 1)])
def test_a_scenario_that_a_module_binds_may_leave_what_it_left_unless_that_is_strict(
    project: Project, strict: str, errors: int
) -> None:
    project.settings(f"{SETTINGS}accord_strict = {strict}\n")
    project.copy("leaking")
    project.scenario("Given a leak", "Then nothing is asked")
    project.more_steps("""
@given("a leak")
async def _():
    logging.root.setLevel(logging.DEBUG)
""")
    project.path.joinpath("test_it.py").write_text('from pytest_bdd import scenarios\nscenarios("it.feature")\n')
    project.run("it.feature", "test_it.py").assert_outcomes(passed=1, errors=errors)
    logging.root.setLevel(logging.WARNING)


def test_a_setting_that_is_neither_is_a_usage_error(project: Project) -> None:
    project.settings(f"{SETTINGS}accord_guards = some\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: accord_guards is 'some', which is neither scenarios nor all: write one of them."]
    )


def test_of_many_loggers_three_are_named(project: Project) -> None:
    project.copy("leaking")
    project.scenario("Given many loggers are set up", "Then nothing is asked")
    project.more_steps("""
for name in "abcdefgh":
    logging.getLogger(f"many.{name}")

@given("many loggers are set up")
async def _():
    for name in "abcdefgh":
        logging.getLogger(f"many.{name}").setLevel(logging.INFO)
""")
    result = project.run("it.feature")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            'The scenario `One` (it.feature:2) leaves logging changed: the logger "many.a" was NOTSET and is INFO; '
            'the logger "many.b" was NOTSET and is INFO; the logger "many.c" was NOTSET and is INFO; '
            "and so were 5 more loggers: undo it in a fixture, after its `yield`."
        ]
    )


UNDONE = {
    "monkeypatch": """
@pytest.fixture
def leak(monkeypatch):
    monkeypatch.setenv("LEAK", "1")
    monkeypatch.delenv("KEPT")
    monkeypatch.setattr(time, "time", lambda: 0)
    monkeypatch.setitem(overrides, get_session, 1)
""",
    "caplog": """
@pytest.fixture
def leak(caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="library")
""",
    "time-machine": """
@pytest.fixture
def leak():
    with time_machine.travel(0, tick=False):
        yield
""",
    "freezegun": """
@pytest.fixture
def leak():
    with freezegun.freeze_time("2020-01-01"):
        yield
""",
    "being a library's, which does nothing": """
@pytest.fixture
def leak():
    silent.addHandler(logging.NullHandler())
""",
    "the clean-up of an async fixture": """
@pytest.fixture
async def leak():
    os.environ["LEAK"] = "1"
    yield
    del os.environ["LEAK"]
""",
}


@pytest.mark.parametrize("settings", ["", "\nlog_level = INFO\nlog_cli = true\nlog_file = it.log"], ids=["", "logging"])
@pytest.mark.parametrize("fixture", UNDONE.values(), ids=UNDONE)
def test_what_is_undone_in_time_is_no_leak(project: Project, fixture: str, settings: str) -> None:
    project.settings(OF_ALL + settings)
    project.copy("leaking")
    project.feature("""
        Feature: It
          Scenario: One
            Given a change
            Then it is made
    """)
    project.more_steps(
        fixture + '\n@given("a change")\nasync def _(leak): ...\n@then("it is made")\nasync def _(): ...\n'
    )
    project.pytester.makepyfile("def test_plain(leak): ...")
    project.run().assert_outcomes(passed=2)


def test_what_a_fixture_of_a_wider_scope_changes_may_last(project: Project) -> None:
    project.copy("leaking")
    result = project.run()
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        ["The scenario `Two` *: LEAK was 'of the session' and is 'of the scenario': undo it in a fixture, *"]
    )


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_those_that_leak_are_named_and_no_others(project: Project, seed: int) -> None:
    project.settings(SETTINGS.replace("-p no:randomly", f"-p no:cacheprovider --randomly-seed={seed}"))
    leaking = [body for body, _ in LEAKS.values()]
    tests = [f"def test_leak_{number}():\n    {body}\n" for number, body in enumerate(leaking)]
    tests += [f"def test_clean_{number}():\n    all_is_as_it_was()\n" for number in range(len(leaking))]
    project.settings(OF_ALL)
    project.copy("leaking")
    project.pytester.makepyfile(test_plain="from conftest import *\n" + "\n".join(tests))
    result = project.run_process("-rE", "test_plain.py")
    result.assert_outcomes(passed=len(tests), errors=len(leaking))
    named = {line.split("::")[1].split(" ")[0] for line in result.outlines if line.startswith("ERROR test_plain.py::")}
    assert named == {f"test_leak_{number}" for number in range(len(leaking))}


ROOT = Path(__file__).parents[2]


async def databases_and_tables(url: str) -> list[str]:
    # Other workers of this run have databases of their own there.
    names = "SELECT datname FROM pg_database WHERE datname LIKE 'within%'"
    statement = f"{names} UNION ALL SELECT tablename FROM pg_tables ORDER BY 1"
    return await query(make_url(url), statement)


def test_after_a_run_all_is_as_it_was_before(
    project: Project,
    database_url: str,
    session_loop: asyncio.AbstractEventLoop,
    configured: Environment,
) -> None:
    url = make_url(database_url)
    within = url.set(database=f"within_{url.database}").render_as_string(hide_password=False)
    configured.setenv("DATABASE_URL", within)
    databases = session_loop.run_until_complete(databases_and_tables(database_url))
    overrides, settings = dict(app.dependency_overrides), get_settings()
    guard = StateGuard(Path())
    guard.begin()
    result = project.run(
        f"--rootdir={ROOT}",
        "--accord-docs=",
        f"-c{ROOT}/pyproject.toml",
        f"{ROOT}/features/outgoing",
        f"{ROOT}/features/tasks/completing.feature",
    )
    assert result.ret == pytest.ExitCode.OK
    assert guard.end() == []
    assert (app.dependency_overrides, get_settings()) == (overrides, settings)
    assert session_loop.run_until_complete(databases_and_tables(database_url)) == databases
