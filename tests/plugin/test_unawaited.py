"""What a step forgets to await fails its scenario, whatever Python's warnings are set to."""

import pytest

from tests.helpers.project import SETTINGS, Project

# Lines 1 to 9 are the imports that each project has.
CALLS = """
async def call(*_):
    await asyncio.sleep(0)

async def fail():
    raise ValueError("out of ink")

@pytest.fixture
def kept():
    return []

it_is_called = then("it is called")
"""


def here(project: Project) -> str:
    lines = project.path.joinpath("conftest.py").read_text(encoding="utf-8").splitlines()
    return f"called at conftest.py:{1 + next(number for number, line in enumerate(lines) if '# here' in line)}"


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
def test_a_coroutine_that_is_forgotten_fails_the_scenario_and_names_the_step(project: Project, step: str) -> None:
    project.scenario("Then it is called")
    project.steps(CALLS + step)
    result = project.run()
    result.assert_outcomes(failed=1)
    what = "wait_for" if "wait_for" in step else "call"
    result.stdout.fnmatch_lines(
        [
            "*_ One _*",
            f"The step `Then it is called` (it.feature:3) never awaits {what}, {here(project)}, "
            "so it never ran: write `await` before the call.",
            "=* short test summary info =*",
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("*Warning*")


@pytest.mark.parametrize("filters", ["default", "ignore"])
def test_what_warnings_are_set_to_makes_no_difference(project: Project, filters: str) -> None:
    project.settings(SETTINGS.replace("filterwarnings = error", f"filterwarnings = {filters}"))
    project.scenario("Then it is called")
    project.steps(CALLS + "\n@it_is_called\nasync def _():\n    call()")
    result = project.run("-W", filters)
    result.assert_outcomes(failed=1, warnings=0)
    result.stdout.fnmatch_lines(["The step `Then it is called` (it.feature:3) never awaits call, *"])


KEPT = {
    "a fixture": "async def _(kept):\n    kept.append(call())  # here",
    "a fixture, by a helper in the step": "async def _(kept):\n    (lambda: kept.append(call()))()  # here",
}


@pytest.mark.parametrize("step", KEPT.values(), ids=KEPT)
@pytest.mark.parametrize("later", ["", "kept.clear()"], ids=["to the end", "until a later step"])
def test_a_coroutine_that_is_kept_is_blamed_on_the_step_that_called_it(project: Project, step: str, later: str) -> None:
    project.feature("Feature: It\n  Scenario: One\n    Given it is kept\n    Then it is called")
    project.steps(f'{CALLS}\n@given("it is kept")\n{step}\n@it_is_called\nasync def _(kept):\n    {later or "pass"}')
    result = project.run_process()  # In this process, pytester keeps what every hook was given.
    result.assert_outcomes(**({"failed": 1} if later else {"passed": 1, "errors": 1}))
    result.stdout.fnmatch_lines([f"The step `Given it is kept` (it.feature:3) never awaits call, {here(project)}, *"])


def test_a_coroutine_forgotten_in_the_clean_up_of_a_step_names_it(project: Project) -> None:
    project.scenario("Then it is called")
    project.steps(CALLS + "\n@it_is_called\nasync def _():\n    yield\n    call()")
    result = project.run()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*_ ERROR at teardown of One _*", "The step `Then it is called` (it.feature:3) never *"]
    )


def test_a_coroutine_forgotten_by_an_autouse_fixture_names_the_scenario(project: Project) -> None:
    project.scenario("Then it is called")
    project.steps(
        CALLS + "\n@pytest.fixture(autouse=True)\nasync def fixture():\n    call()\n\n@it_is_called\nasync def _(): ..."
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["The scenario `One` (it.feature:2) never awaits call, called at conftest.py:*"])


def test_a_scenario_that_a_python_module_binds_fails_too(project: Project) -> None:
    project.feature("Feature: It\n  Scenario: One\n    Then it is called", "bound/it.feature")
    project.steps(CALLS + "\n@it_is_called\ndef _():\n    call()")
    project.pytester.makepyfile('from pytest_bdd import scenarios\nscenarios("bound")')
    result = project.run("--ignore=bound")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["The step `Then it is called` (bound/it.feature:3) never awaits call, called at *"])


FAILING = {
    "in a local name": "answer = call()\n    assert answer.status_code == 200",
    "in a helper's": "(lambda answer: answer.status_code)(call())",
    "behind another error": "answer = call()\n    raise ValueError from KeyError()",
}


@pytest.mark.parametrize("body", FAILING.values(), ids=FAILING)
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_failing_scenario_is_told_of_its_error_only_and_the_next_one_is_not_blamed(
    project: Project, body: str, kind: str
) -> None:
    project.feature("""
        Feature: It
          Scenario: One
            Then it is called

          Scenario: Two
            Then nothing
    """)
    project.steps(f"""{CALLS}
@it_is_called
{kind} _():
    {body}

@then("nothing")
async def _():
    import gc
    gc.collect()
""")
    result = project.run()
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.no_fnmatch_line("*never await*")


def test_a_plain_test_has_the_warning_of_python(project: Project) -> None:
    project.settings(SETTINGS.replace("filterwarnings = error", "filterwarnings = default"))
    project.steps(CALLS)
    project.pytester.makepyfile("from conftest import call\ndef test_plain():\n    call()")
    result = project.run()
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
    "by a sync step, whose coroutine is awaited": """
@given("it is kept")
def _():
    return call()

@it_is_called
async def _(): ...
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
def test_what_is_awaited_or_ended_in_any_way_is_no_fault(project: Project, steps: str) -> None:
    project.feature("Feature: It\n  Scenario: One\n    Given it is kept\n    Then it is called")
    project.steps(CALLS + steps)
    project.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("ending", ["", "\n    yield"], ids=["function", "generator"])
def test_a_task_that_runs_on_when_its_steps_are_over_fails_the_scenario_and_is_cancelled(
    project: Project, ending: str
) -> None:
    project.scenario("Then it is called")
    project.steps(f"""{CALLS}
async def waiting():
    try:
        await asyncio.Event().wait()
    finally:
        print("cancelled")

@pytest.fixture
async def under():
    yield
    await asyncio.sleep(0)

@it_is_called
async def _(under):
    asyncio.create_task(waiting())  # here
    await asyncio.sleep(0){ending}
""")
    result = project.run("-s")
    result.assert_outcomes(**({"passed": 1, "errors": 1} if ending else {"failed": 1}))
    result.stdout.fnmatch_lines(
        [
            "*cancelled",
            f"The step `Then it is called` (it.feature:3) leaves waiting, {here(project)}, running as a task, *",
        ]
    )


def test_a_task_that_fails_unseen_fails_the_scenario(project: Project) -> None:
    project.scenario("Then it is called")
    project.steps(
        CALLS + "\n@it_is_called\nasync def _():\n    asyncio.create_task(fail())  # here\n    await asyncio.sleep(0)"
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"The step `Then it is called` (it.feature:3) never sees that the task fail, {here(project)}, "
            "failed with ValueError('out of ink'): await the task in a step."
        ]
    )


def test_what_is_gathered_and_fails_unseen_fails_the_scenario(project: Project) -> None:
    project.scenario("Then it is called")
    project.steps(
        CALLS + "\n@it_is_called\nasync def _():\n    asyncio.gather(fail(), call())\n    await asyncio.sleep(0.01)"
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["The step `Then it is called` (it.feature:3) gathers what failed unseen with ValueError('out of ink'): *"]
    )


def test_a_scenario_after_one_whose_clean_up_failed_is_looked_at_as_any_other(project: Project) -> None:
    project.feature("""
        Feature: It
          Scenario: One
            Then it ends badly

          Scenario: Two
            Then it is called
    """)
    project.steps(
        CALLS
        + """
@then("it ends badly")
async def _():
    yield
    assert False

@it_is_called
async def _():
    call()
"""
    )
    project.run().assert_outcomes(passed=1, errors=1, failed=1)


@pytest.mark.parametrize("end", ["skip", "xfail"])
def test_a_scenario_that_ends_early_leaves_nothing_to_the_next_one(project: Project, end: str) -> None:
    project.feature("""
        Feature: It
          Scenario: One
            Given a task
            Then it ends early

          Scenario: Two
            Then nothing
    """)
    project.steps(f"""{CALLS}
@given("a task")
async def _():
    asyncio.create_task(asyncio.Event().wait())

@then("it ends early")
async def _():
    answer = call()
    pytest.{end}("for a reason")

@then("nothing")
async def _():
    import gc
    gc.collect()
    assert asyncio.all_tasks() == {{asyncio.current_task()}}
""")
    outcomes = {"skip": {"skipped": 1}, "xfail": {"xfailed": 1}}
    project.run().assert_outcomes(passed=1, **outcomes[end])


def test_a_task_that_a_failing_step_leaves_is_cancelled(project: Project) -> None:
    project.feature("""
        Feature: It
          Scenario: One
            Then it is called

          Scenario: Two
            Then nothing
    """)
    project.steps(
        CALLS
        + """
@it_is_called
async def _():
    asyncio.create_task(asyncio.Event().wait())
    assert False

@then("nothing")
async def _():
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
"""
    )
    project.run().assert_outcomes(failed=1, passed=1)
