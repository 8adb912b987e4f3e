"""Async steps: they are awaited, on the fixtures' loop, and behave as sync ones do in all else."""

import re
from textwrap import indent

import pytest

from tests.helpers.project import SETTINGS, Project

ACT = """
async def act():
    await asyncio.sleep(0)
    {body}

def plainly_decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

it_runs = given("it runs", target_fixture="value")
"""

ASYNC_STEPS = {
    "async function": """
@it_runs
async def _():
    return await act()
""",
    "async generator": """
@it_runs
async def _():
    yield await act()
""",
    "decorated function": """
@it_runs
@plainly_decorated
async def _():
    return await act()
""",
    "decorated generator": """
@it_runs
@plainly_decorated
async def _():
    yield await act()
""",
    "partial": """
async def act_on(number):
    return await act()

it_runs(functools.partial(act_on, 1))
""",
    "callable object": """
class Act:
    async def __call__(self):
        return await act()

it_runs(Act())
""",
    "method": """
class Act:
    async def act(self):
        return await act()

it_runs(Act().act)
""",
    "sync function that returns a coroutine": """
@it_runs
def _():
    return act()
""",
    "sync function that returns an awaitable object": """
class Acting:
    def __await__(self):
        return act().__await__()

it_runs(Acting)
""",
}

each_kind_of_async_step = pytest.mark.parametrize("step", ASYNC_STEPS.values(), ids=ASYNC_STEPS)


@each_kind_of_async_step
def test_a_failing_assertion_in_an_async_step_fails_the_scenario(project: Project, step: str) -> None:
    project.scenario("Given it runs", "Then nothing")
    project.steps(ACT.format(body='assert False, "it ran"') + step + '\n@then("nothing")\ndef _(): ...')
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["it.feature:3", "*", ">   Given it runs", "*", "E  *AssertionError: it ran"])


@each_kind_of_async_step
def test_a_target_fixture_gets_what_the_async_step_gave(project: Project, step: str) -> None:
    project.scenario("Given it runs", "Then the value is 42")
    project.steps(ACT.format(body="return 42") + step + '\n@then("the value is 42")\ndef _(value): assert value == 42')
    project.run().assert_outcomes(passed=1)


SET_UP = ["*first: set up", "second: set up"]
TORN_DOWN = ["*second: torn down", "first: torn down", "under: torn down"]


def test_what_follows_the_yield_of_an_async_step_runs_when_the_scenario_ends_in_reverse_order(project: Project) -> None:
    project.copy("generators")
    result = project.run("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([*SET_UP, "it ends", *TORN_DOWN], consecutive=True)


def test_what_follows_the_yield_of_an_async_step_runs_although_a_later_step_fails(project: Project) -> None:
    project.copy("generators")
    project.scenario("Given a first", "And a second", "Then it fails")
    project.more_steps('@then("it fails")\nasync def _(): assert False')
    result = project.run("-s")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([*SET_UP, *TORN_DOWN], consecutive=True)


def test_a_failure_after_the_yield_is_reported_and_starts_at_the_step(project: Project) -> None:
    project.copy("generators")
    project.scenario("Given a first", "And a failing end", "Then it ends")
    project.more_steps("""
        @given("a failing end")
        async def _():
            yield
            assert False, "at the end"
    """)
    result = project.run("-s")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*first: torn down", "under: torn down"])
    result.stdout.fnmatch_lines(
        [
            "*_ ERROR at teardown of One _*",
            "",
            '    @given("a failing end")',
            "    async def _():",
            "        yield",
            '>       assert False, "at the end"',
        ],
        consecutive=True,
    )


def test_what_an_async_step_enters_it_leaves_in_the_same_task(project: Project) -> None:
    project.scenario("Given a task group", "Then it is there")
    project.steps(
        """
        import anyio

        @given("a task group", target_fixture="group")
        async def _():
            async with anyio.create_task_group() as group:
                yield group
                group.cancel_scope.cancel()
            print("left")

        @then("it is there")
        async def _(group):
            group.start_soon(anyio.sleep, 0)
            await anyio.sleep(0.01)
        """
    )
    result = project.run("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*left"])


def test_what_an_async_step_has_entered_may_end_it_before_the_scenario_does(project: Project) -> None:
    project.scenario("Given a task group", "Then it fails")
    project.steps(
        """
        import anyio

        @given("a task group", target_fixture="group")
        async def _():
            async with anyio.create_task_group() as group:
                yield group

        async def fail():
            raise ValueError("out of ink")

        @then("it fails")
        async def _(group):
            group.start_soon(fail)
            await anyio.sleep(0.01)
        """
    )
    result = project.run()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ValueError: out of ink*"])


@pytest.mark.parametrize("then", ["yield", "return"])
def test_an_async_step_that_is_cancelled_before_its_yield_and_goes_on_ends(project: Project, then: str) -> None:
    project.settings(SETTINGS + "accord_timeout = 0.3\n")
    project.scenario("Given it goes on", "Then it is there")
    project.steps(
        f"""
        @given("it goes on")
        async def _():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass
            if "{then}" == "return":
                return
            yield
            print("cleaned up")

        @then("it is there")
        def _(): ...
        """
    )
    result = project.run("-s")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*The step `Given it goes on` (it.feature:3) had not ended after 0.3 seconds*"])
    assert ("cleaned up" in result.stdout.str()) is (then == "yield")


def test_a_second_yield_is_an_error_that_says_where(project: Project) -> None:
    project.scenario("Then it yields twice")
    project.steps("""
        @then("it yields twice")
        async def _():
            try:
                yield
                yield
            finally:
                print("closed")
    """)
    result = project.run("-s")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*closed",
            "*_ ERROR at teardown of One _*",
            "*/conftest.py:10: the step yields twice: what follows its one yield is its teardown.",
            "=* short test summary info =*",
        ]
    )
    result.stdout.no_fnmatch_line("*traceback entries are hidden*")


@pytest.mark.parametrize("gives", ["return", "yield"])
@pytest.mark.parametrize(
    "lazily",
    [
        'def _(request): assert request.getfixturevalue("late") == 42',
        "async def _(late): assert late == 42",
        "async def _(late):\n    yield\n    assert late == 42",
    ],
    ids=["by a sync step's request", "by an async step's argument", "by an async generator step's argument"],
)
def test_an_async_fixture_may_be_asked_for_in_mid_scenario(project: Project, gives: str, lazily: str) -> None:
    project.scenario("Given nothing", "Then it comes late")
    project.steps(f"""
@given("nothing")
async def _(): ...

@pytest.fixture
async def late():
    await asyncio.sleep(0)
    {gives} 42

@then("it comes late")
{lazily}
""")
    project.run().assert_outcomes(passed=1)


FAILING = """
def below():
    assert False, "below"

@then("it holds")
{kind} _():
    below()
"""


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_the_traceback_of_a_failing_step_starts_at_the_step(project: Project, kind: str) -> None:
    project.scenario("Then it holds")
    project.steps(FAILING.format(kind=kind))
    result = project.run()
    result.stdout.fnmatch_lines(
        [
            "*_ One _*",
            "it.feature:3",
            "  Scenario: One",
            ">   Then it holds",
            "",
            '    @then("it holds")',
            f"    {kind} _():",
            ">       below()",
            "",
            "conftest.py:15: ",
            "_ _ *",
            "",
            "    def below():",
            '>       assert False, "below"',
            "E       AssertionError: below",
            "E       assert False",
            "",
            "conftest.py:11: AssertionError",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_short_traceback_starts_at_the_step(project: Project, kind: str) -> None:
    project.scenario("Then it holds")
    project.steps(FAILING.format(kind=kind))
    project.run("--tb=short").stdout.fnmatch_lines(
        [
            "*_ One _*",
            "it.feature:3",
            "  Scenario: One",
            ">   Then it holds",
            "conftest.py:15: in _",
            "    below()",
            "conftest.py:11: in below",
            '    assert False, "below"',
            "E   AssertionError: below",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_the_traceback_of_a_failing_fixture_starts_at_the_fixture(project: Project, kind: str) -> None:
    project.scenario("Then it holds")
    project.steps(f"""
@pytest.fixture
{kind} broken():
    assert False, "in the fixture"

@then("it holds")
async def _(broken): ...
""")
    project.run().stdout.fnmatch_lines(
        [
            ">   Then it holds",
            "",
            "    @pytest.fixture",
            f"    {kind} broken():",
            '>       assert False, "in the fixture"',
        ],
        consecutive=True,
    )


def test_a_step_of_a_python_module_is_awaited_too_and_its_traceback_has_no_frame_of_the_loop(project: Project) -> None:
    project.feature("Feature: It\n  Scenario: One\n    Then it holds", "bound/it.feature")
    project.steps(FAILING.format(kind="async def"))
    project.pytester.makepyfile('from pytest_bdd import scenarios\nscenarios("bound")')
    result = project.run("--tb=short", "--ignore=bound")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["conftest.py:15: in _", "    below()", "conftest.py:11: in below"], consecutive=True)
    for frame in ("asyncio", "accord", "pytest_bdd"):
        result.stdout.no_fnmatch_line(f"*/{frame}/*: in *")


TWO = """
Feature: It
  Scenario: One
    Then it fails
  Scenario: Two
    Then it holds
"""

HOLDS = """
@then("it holds")
async def _():
    print("it holds")
"""


def test_x_stops_at_the_first_failing_scenario(project: Project) -> None:
    project.feature(TWO)
    project.steps(HOLDS + '\n@then("it fails")\nasync def _(): assert False')
    project.run("-x").assert_outcomes(failed=1)


def test_pdb_lands_in_the_frame_of_the_failing_step(project: Project) -> None:
    project.scenario("Then it holds")
    project.steps("""
        @then("it holds")
        async def _():
            answer = 41 + 1
            assert False
    """)
    child = project.pytester.spawn_pytest("--pdb", expect_timeout=30)
    child.expect(r"conftest.py\(13\)_\(\)")
    child.expect(r"\(Pdb\)")
    child.sendline("p f'answer is {answer}'")
    child.expect("answer is 42")
    child.sendline("q")
    child.expect("1 failed")
    child.close()


def test_sync_steps_stay_as_they_are(project: Project) -> None:
    project.settings("[pytest]\nfilterwarnings = error")
    project.scenario("Given a value", "And a yielded value", "Then both are there")
    project.steps("""
        @given("a value", target_fixture="value")
        def _():
            return 1

        @given("a yielded value", target_fixture="yielded")
        def _():
            yield 2
            print("torn down")

        @then("both are there")
        def _(value, yielded):
            assert (value, yielded) == (1, 2)
            with pytest.raises(RuntimeError, match="no running event loop"):
                asyncio.get_running_loop()
            print("both are there")
    """)
    result = project.run("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*both are there", "*torn down"])


OUTCOMES = [
    'raise ValueError("new") from KeyError("cause")',
    'raise ValueError("new") from None',
    'try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError("while handling")',
    'raise ExceptionGroup("both", [ValueError("one"), KeyError("two")])',
    'raise asyncio.CancelledError("from within")',
    "raise SystemExit(3)",
    "raise KeyboardInterrupt",
    'pytest.skip("for a reason")',
    'pytest.xfail("for a reason")',
    'pytest.fail("for a reason")',
    'pytest.fail("for a reason", pytrace=False)',
    'pytest.exit("for a reason")',
]


@pytest.mark.parametrize("body", OUTCOMES)
def test_what_an_async_step_raises_ends_as_in_a_sync_step(project: Project, body: str) -> None:
    project.feature(TWO)
    ends = []
    for kind in ("def", "async def"):
        project.steps(HOLDS + f'\n@then("it fails")\n{kind} _():\n' + indent(body, "    "))
        result = project.pytester.runpytest_inprocess("-rA", no_reraise_ctrlc=True)
        shown = re.sub(r" in \d+\.\d+s", "", result.stdout.str().replace("async def", "def"))
        ends.append((result.ret, shown))
    assert ends[0] == ends[1]
