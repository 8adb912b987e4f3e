"""What a step forgets to await fails its scenario, whatever Python's warnings are set to."""

import pytest

from tests.helpers.calls import here
from tests.helpers.project import SETTINGS, Project

FORGETTING = {
    "in a sync step": """
@it_is_called
def _():
    call()  # here
""",
    "in an async step": """
@it_is_called
async def _():
    call()  # here
""",
    "in an async generator step": """
@it_is_called
async def _():
    call()  # here
    yield
""",
    "in a sync generator step": """
@it_is_called
def _():
    call()  # here
    yield
""",
    "in a name of the step": """
@it_is_called
async def _():
    answer = call()  # here
    assert answer
""",
    "with what it was given": """
@it_is_called
async def _():
    asyncio.wait_for(call(), 1)  # here
""",
    "in a helper": """
def helper():
    call()  # here

@it_is_called
async def _():
    helper()
""",
    "in an async helper": """
async def helper():
    call()  # here

@it_is_called
async def _():
    await helper()
""",
    "in a task": """
async def helper():
    call()  # here

@it_is_called
async def _():
    await asyncio.create_task(helper())
""",
    "in a fixture": """
@pytest.fixture
async def fixture():
    call()  # here

@it_is_called
async def _(fixture): ...
""",
    "in a fixture that a sync step asks for": """
@pytest.fixture
def fixture():
    call()  # here

@it_is_called
def _(request):
    request.getfixturevalue("fixture")
""",
    "as the result": """
@it_is_called
async def _():
    return call()  # here
""",
    "as the result of a generator": """
@it_is_called
async def _():
    yield call()  # here
""",
    "as the result, kept elsewhere as well": """
@it_is_called
async def _(kept):
    kept.append(call())  # here
    return kept[0]
""",
    "in a decorated step": """
def plainly_decorated(function):
    @functools.wraps(function)
    def wrapper():
        return function()
    return wrapper

@it_is_called
@plainly_decorated
async def _():
    call()  # here
""",
}


@pytest.mark.parametrize("step", FORGETTING.values(), ids=FORGETTING)
def test_a_coroutine_that_is_forgotten_fails_the_scenario_and_names_the_step(calls: Project, step: str) -> None:
    calls.scenario("Then it is called")
    calls.more_steps(step)
    result = calls.run()
    result.assert_outcomes(failed=1)
    what = "wait_for" if "wait_for" in step else "call"
    result.stdout.fnmatch_lines(
        [
            "*_ One _*",
            f"The step `Then it is called` (it.feature:3) never awaits {what}, {here(calls)}, "
            "so it never ran: write `await` before the call.",
            "=* short test summary info =*",
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("*Warning*")


@pytest.mark.parametrize("filters", ["default", "ignore"])
def test_what_warnings_are_set_to_makes_no_difference(calls: Project, filters: str) -> None:
    calls.settings(SETTINGS.replace("filterwarnings = error", f"filterwarnings = {filters}"))
    calls.scenario("Then it is called")
    calls.more_steps("\n@it_is_called\nasync def _():\n    call()")
    result = calls.run("-W", filters)
    result.assert_outcomes(failed=1, warnings=0)
    result.stdout.fnmatch_lines(["The step `Then it is called` (it.feature:3) never awaits call, *"])


KEPT = {
    "a fixture": "async def _(kept):\n    kept.append(call())  # here",
    "a fixture, by a helper in the step": "async def _(kept):\n    (lambda: kept.append(call()))()  # here",
}


@pytest.mark.parametrize("step", KEPT.values(), ids=KEPT)
@pytest.mark.parametrize("later", ["", "kept.clear()"], ids=["to the end", "until a later step"])
def test_a_coroutine_that_is_held_is_blamed_on_the_step_that_called_it(calls: Project, step: str, later: str) -> None:
    calls.feature("Feature: It\n  Scenario: One\n    Given it is kept\n    Then it is called")
    calls.more_steps(f'@given("it is kept")\n{step}\n@it_is_called\nasync def _(kept):\n    {later or "pass"}')
    result = calls.run_process()  # In this process, pytester keeps what every hook was given.
    result.assert_outcomes(**({"failed": 1} if later else {"passed": 1, "errors": 1}))
    result.stdout.fnmatch_lines([f"The step `Given it is kept` (it.feature:3) never awaits call, {here(calls)}, *"])


def test_a_coroutine_forgotten_in_the_clean_up_of_a_step_names_it(calls: Project) -> None:
    calls.scenario("Then it is called")
    calls.more_steps("\n@it_is_called\nasync def _():\n    yield\n    call()")
    result = calls.run()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*_ ERROR at teardown of One _*", "The step `Then it is called` (it.feature:3) never *"]
    )


def test_a_coroutine_forgotten_by_an_autouse_fixture_names_the_scenario(calls: Project) -> None:
    calls.scenario("Then it is called")
    calls.more_steps(
        "\n@pytest.fixture(autouse=True)\nasync def fixture():\n    call()\n\n@it_is_called\nasync def _(): ..."
    )
    result = calls.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["The scenario `One` (it.feature:2) never awaits call, called at conftest.py:*"])


def test_a_scenario_that_a_python_module_binds_fails_too(calls: Project) -> None:
    calls.feature("Feature: It\n  Scenario: One\n    Then it is called", "bound/it.feature")
    calls.more_steps("\n@it_is_called\ndef _():\n    call()")
    calls.pytester.makepyfile('from pytest_bdd import scenarios\nscenarios("bound")')
    result = calls.run("--ignore=bound")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["The step `Then it is called` (bound/it.feature:3) never awaits call, called at *"])


FAILING = {
    "in a local name": "answer = call()\n    assert answer.status_code == 200",
    "in a helper's": "(lambda answer: answer.status_code)(call())",
    "behind another error": "answer = call()\n    raise ValueError from KeyError()",
}


@pytest.mark.parametrize("body", FAILING.values(), ids=FAILING)
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_failing_scenario_shows_its_own_error_only_and_the_next_one_is_not_blamed(
    calls: Project, body: str, kind: str
) -> None:
    calls.feature("""
        Feature: It
          Scenario: One
            Then it is called

          Scenario: Two
            Then nothing
    """)
    calls.more_steps(f"""
@it_is_called
{kind} _():
    {body}

@then("nothing")
async def _():
    import gc
    gc.collect()
""")
    result = calls.run()
    result.assert_outcomes(failed=1, passed=1)
    # Said where the error comes of it, as a note on that.
    result.stdout.no_fnmatch_line("[!E]*never await*")
    assert result.stdout.str().count("never await") == ("answer.status_code" in body)


def test_a_plain_test_has_the_warning_of_python(calls: Project) -> None:
    calls.settings(SETTINGS.replace("filterwarnings = error", "filterwarnings = default"))
    calls.pytester.makepyfile("from conftest import call\ndef test_plain():\n    call()")
    result = calls.run()
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*RuntimeWarning: coroutine 'call' was never awaited"])


AWAITED = {
    "in a later step": """
@given("it is kept", target_fixture="task")
async def _():
    return asyncio.create_task(call())

@it_is_called
async def _(task):
    await task
""",
    "of its own accord": """
@given("it is kept", target_fixture="task")
async def _():
    return asyncio.create_task(call())

@it_is_called
async def _(task):
    await asyncio.sleep(0.01)
""",
    "in the clean-up": """
@given("it is kept")
async def _():
    task = asyncio.create_task(asyncio.Event().wait())
    yield
    task.cancel()

@it_is_called
async def _(): ...
""",
    "by a fixture": """
@pytest.fixture
async def server():
    task = asyncio.create_task(asyncio.Event().wait())
    yield
    task.cancel()

@given("it is kept")
async def _(server): ...

@it_is_called
async def _(): ...
""",
    "by a fixture of the session": """
@pytest.fixture(scope="session")
async def server():
    task = asyncio.create_task(asyncio.Event().wait())
    yield
    task.cancel()

@given("it is kept")
async def _(server): ...

@it_is_called
async def _(): ...
""",
    "although a loop over it is left in a task": """
@given("it is kept", target_fixture="task")
async def _():
    async def first():
        async for number in count():
            return number
    return asyncio.create_task(first())

@it_is_called
async def _(task):
    await task
""",
    "by a sync step, whose coroutine is awaited": """
@given("it is kept")
def _():
    return call()

@it_is_called
async def _(): ...
""",
    "although a loop over it is left": """
@given("it is kept")
def _(): ...

@it_is_called
async def _():
    async for _ in count():
        return
""",
    "although it is closed instead": """
@given("it is kept")
def _():
    call().close()

@it_is_called
async def _(): ...
""",
}


@pytest.mark.parametrize("steps", AWAITED.values(), ids=AWAITED)
def test_what_is_awaited_or_ended_in_any_way_is_no_fault(calls: Project, steps: str) -> None:
    calls.feature("Feature: It\n  Scenario: One\n    Given it is kept\n    Then it is called")
    calls.more_steps(steps)
    calls.run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("anext(count(before=10))", "count, defined at conftest.py:*,"),
        ("Job()", "Job, wherever it was called,"),
    ],
)
def test_a_task_of_what_is_no_coroutine_of_a_function_is_named(calls: Project, call: str, name: str) -> None:
    calls.feature("Feature: It\n  Scenario: One\n    Given it is kept\n    Then it is called")
    calls.more_steps(
        f"""
        from collections.abc import Coroutine

        class Job(Coroutine):
            def send(self, value): ...
            def throw(self, *error): raise error[0]
            def __await__(self): yield

        @given("it is kept", target_fixture="task")
        async def _():
            return asyncio.create_task({call})

        @it_is_called
        async def _(task): ...
        """
    )
    result = calls.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*leaves {name} running as a task, and nobody sees how it ends*"])
