"""Async steps: they are awaited, on the fixtures' loop, and behave as sync ones do in all else."""

import re
import signal
import sys
from subprocess import PIPE, Popen
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


GENERATORS = """
@pytest.fixture
async def under():
    yield
    print("under: torn down")

@given("a first")
async def _(under):
    print("first: set up")
    yield
    await asyncio.sleep(0)
    print("first: torn down")

@given("a second")
async def _():
    print("second: set up")
    yield
    await asyncio.sleep(0)
    print("second: torn down")

@then("it ends")
async def _():
    print("it ends")
"""

SET_UP = ["*first: set up", "second: set up"]
TORN_DOWN = ["*second: torn down", "first: torn down", "under: torn down"]


def test_what_follows_the_yield_of_an_async_step_runs_when_the_scenario_ends_in_reverse_order(project: Project) -> None:
    project.scenario("Given a first", "And a second", "Then it ends")
    project.steps(GENERATORS)
    result = project.run("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([*SET_UP, "it ends", *TORN_DOWN], consecutive=True)


def test_what_follows_the_yield_of_an_async_step_runs_although_a_later_step_fails(project: Project) -> None:
    project.scenario("Given a first", "And a second", "Then it fails")
    project.steps(GENERATORS + '\n@then("it fails")\nasync def _(): assert False')
    result = project.run("-s")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([*SET_UP, *TORN_DOWN], consecutive=True)


def test_a_failure_after_the_yield_is_reported_and_starts_at_the_step(project: Project) -> None:
    project.scenario("Given a first", "And a failing end", "Then it ends")
    project.steps(
        GENERATORS
        + """
@given("a failing end")
async def _():
    yield
    assert False, "at the end"
"""
    )
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


def test_async_steps_fixtures_and_plain_tests_share_one_loop(project: Project) -> None:
    project.scenario("Given a loop", "Then a loop")
    project.steps("""
        loops = []

        def note():
            loops.append(asyncio.get_running_loop())

        @pytest.fixture(scope="session")
        async def of_the_session():
            note()
            yield
            note()

        @pytest.fixture
        async def of_the_scenario():
            note()
            yield
            note()

        @pytest.fixture
        def noting(of_the_session):
            return note

        @given("a loop")
        async def _(of_the_session, of_the_scenario):
            note()
            yield
            note()

        @then("a loop")
        async def _():
            note()

        def pytest_unconfigure():
            print("noted", len(loops), "loops", len(set(loops)))
    """)
    project.pytester.makepyfile("async def test_plain(noting): noting()")
    result = project.run("-s")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*noted 8 loops 1"])


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


INTERRUPTED = """
signal.signal(signal.SIGINT, signal.default_int_handler)

@pytest.fixture
async def under():
    yield
    await asyncio.sleep(0)
    print("under: torn down")

@given("a generator")
async def _(under):
    yield
    await asyncio.sleep(0)
    print("generator: torn down")

@then("it waits")
async def _(under):
    try:
        print("it waits", flush=True)
        {interrupt}
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        print("step: cleaned up")
"""

NOISE = re.compile("Task was destroyed|never awaited|never retrieved|Traceback|Error")


def _is_clean_end(output: str, errors: str) -> bool:
    steps = ["step: cleaned up", "generator: torn down", "under: torn down"]
    return [line for line in output.splitlines() if line in steps] == steps and not NOISE.search(output + errors)


@pytest.mark.parametrize(
    "interrupt",
    [
        "signal.raise_signal(signal.SIGINT)",
        "asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)",
    ],
    ids=["in the step's own code", "while the step waits"],
)
def test_ctrl_c_lets_the_step_clean_up_then_its_fixtures_and_exits_with_2(project: Project, interrupt: str) -> None:
    project.scenario("Given a generator", "Then it waits")
    project.steps(INTERRUPTED.format(interrupt=interrupt))
    result = project.run_process("-s")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert _is_clean_end(result.stdout.str(), result.stderr.str())


def test_ctrl_c_from_the_keyboard_does_the_same(project: Project) -> None:
    project.scenario("Given a generator", "Then it waits")
    project.steps(INTERRUPTED.format(interrupt="pass"))
    with Popen([sys.executable, "-m", "pytest", "-s"], stdout=PIPE, stderr=PIPE, text=True) as run:
        assert run.stdout is not None
        assert any("it waits" in line for line in run.stdout)
        run.send_signal(signal.SIGINT)
        output, errors = run.communicate()
    assert run.returncode == pytest.ExitCode.INTERRUPTED
    assert _is_clean_end(output, errors)


def test_ctrl_c_ends_the_run_although_the_steps_clean_up_fails(project: Project) -> None:
    project.feature(TWO)
    project.steps(
        HOLDS
        + """
@then("it fails")
async def _():
    asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)
    try:
        await asyncio.Event().wait()
    finally:
        pytest.fail("in the clean-up")
"""
    )
    result = project.pytester.runpytest_inprocess("-s", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.no_fnmatch_line("*it holds")


def test_sync_steps_stay_as_they_are(project: Project) -> None:
    project.settings("[pytest]\nasyncio_default_fixture_loop_scope = session\nfilterwarnings = error")
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


VARIABLE = """
variable = ContextVar("variable", default="unset")

@pytest.fixture
async def of_the_fixture():
    token = variable.set("of the fixture")
    yield
    assert variable.get() == "of the fixture"
    variable.reset(token)

@given("a fixture sets it")
async def _(of_the_fixture): ...

@given("an async step sets it")
async def _():
    await asyncio.sleep(0)
    variable.set("of the step")

@given("an async generator step sets it")
async def _():
    token = variable.set("of the generator")
    yield
    assert variable.get() == "of the generator"
    variable.reset(token)

@given("a sync step sets it")
def _():
    token = variable.set("of the sync step")
    yield
    variable.reset(token)

@then(parsers.parse('a sync step sees "{value}"'))
def _(value):
    assert variable.get() == value

@then(parsers.parse('an async step sees "{value}"'))
async def _(value):
    assert variable.get() == value

@then(parsers.parse('an async generator step sees "{value}"'))
async def _(value):
    assert variable.get() == value
    yield
    assert variable.get() == value
"""


@pytest.mark.parametrize(
    ("setter", "value"),
    [
        ("a fixture sets it", "of the fixture"),
        ("an async step sets it", "of the step"),
        ("an async generator step sets it", "of the generator"),
        ("a sync step sets it", "of the sync step"),
    ],
)
def test_a_context_variable_is_seen_by_all_later_steps_and_by_no_other_scenario(
    project: Project, setter: str, value: str
) -> None:
    project.feature(f"""
        Feature: It
          Scenario: One
            Given {setter}
            Then a sync step sees "{value}"
            And an async step sees "{value}"
            And an async generator step sees "{value}"

          Scenario: Two
            Then a sync step sees "unset"
            And an async step sees "unset"
    """)
    project.steps(VARIABLE)
    project.run().assert_outcomes(passed=2)


def test_each_layer_of_a_context_variable_is_taken_back_in_its_turn(project: Project) -> None:
    project.feature("""
        Feature: It
          Scenario: One
            Given a fixture sets it
            And an async generator step sets it
            And an async step sets it
            Then a sync step sees "of the step"

          Scenario: Two
            Then a sync step sees "unset"
    """)
    project.steps(VARIABLE)
    project.run().assert_outcomes(passed=2)


def test_an_async_fixture_sees_to_its_end_what_was_set_before_it(project: Project) -> None:
    project.scenario("Given an async step sets it", "Then a fixture sees it")
    project.steps(
        VARIABLE
        + """
@pytest.fixture
async def seeing():
    assert variable.get() == "of the step"
    yield
    assert variable.get() == "of the step"

@then("a fixture sees it")
def _(seeing): ...
"""
    )
    project.run().assert_outcomes(passed=1)


def test_a_failing_step_leaves_no_context_variable_behind(project: Project) -> None:
    project.feature("""
        Feature: It
          Scenario: One
            Then it sets and fails
          Scenario: Two
            Then a sync step sees "unset"
    """)
    project.steps(
        VARIABLE + '\n@then("it sets and fails")\nasync def _():\n    variable.set("of the failing")\n    assert False'
    )
    project.run().assert_outcomes(failed=1, passed=1)


@pytest.mark.parametrize("setting", ["asyncio_default_fixture_loop_scope", "asyncio_default_test_loop_scope"])
@pytest.mark.parametrize("step", [HOLDS, HOLDS + "    yield"], ids=["function", "generator"])
def test_a_missing_setting_is_named_and_nothing_else_is_said(project: Project, setting: str, step: str) -> None:
    project.settings(SETTINGS.replace(f"{setting} = session", f"{setting} = function"))
    project.feature(TWO.replace("it fails", "it holds"))
    project.steps(step)
    result = project.run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*_ Two _*",
            "it.feature:5",
            "  Scenario: Two",
            ">   Then it holds",
            f'async steps need one event loop for the whole run: set {setting} = "session" *',
            "=* short test summary info =*",
        ],
        consecutive=True,
    )


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
