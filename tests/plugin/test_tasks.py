"""A task that a scenario leaves behind, or that fails unseen, fails it."""

import pytest

from tests.helpers.calls import here
from tests.helpers.project import Project


@pytest.mark.parametrize("ending", ["", "\n    yield"], ids=["function", "generator"])
def test_a_task_that_runs_on_when_its_steps_are_over_fails_the_scenario_and_is_cancelled(
    calls: Project, ending: str
) -> None:
    calls.scenario("Then it is called")
    calls.more_steps(f"""
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
    result = calls.run("-s")
    result.assert_outcomes(**({"passed": 1, "errors": 1} if ending else {"failed": 1}))
    result.stdout.fnmatch_lines(
        [
            "*cancelled",
            f"The step `Then it is called` (it.feature:3) leaves waiting, {here(calls)}, running as a task, *",
        ]
    )


def test_a_task_that_fails_unseen_fails_the_scenario(calls: Project) -> None:
    calls.scenario("Then it is called")
    calls.more_steps(
        "\n@it_is_called\nasync def _():\n    asyncio.create_task(fail())  # here\n    await asyncio.sleep(0)"
    )
    result = calls.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"The step `Then it is called` (it.feature:3) never sees that the task fail, {here(calls)}, "
            "failed with ValueError('out of ink'): await the task in a step."
        ]
    )


def test_what_is_gathered_and_fails_unseen_fails_the_scenario(calls: Project) -> None:
    calls.scenario("Then it is called")
    calls.more_steps(
        "\n@it_is_called\nasync def _():\n    asyncio.gather(fail(), call())\n    await asyncio.sleep(0.01)"
    )
    result = calls.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["The step `Then it is called` (it.feature:3) gathers what failed unseen with ValueError('out of ink'): *"]
    )


def test_a_scenario_after_one_whose_clean_up_failed_is_looked_at_as_any_other(calls: Project) -> None:
    calls.feature("""
        Feature: It
          Scenario: One
            Then it ends badly

          Scenario: Two
            Then it is called
    """)
    calls.more_steps(
        """
@then("it ends badly")
async def _():
    yield
    assert False

@it_is_called
async def _():
    call()
"""
    )
    calls.run().assert_outcomes(passed=1, errors=1, failed=1)


@pytest.mark.parametrize("end", ["skip", "xfail"])
def test_a_scenario_that_ends_early_leaves_nothing_to_the_next_one(calls: Project, end: str) -> None:
    calls.feature("""
        Feature: It
          Scenario: One
            Given a task
            Then it ends early

          Scenario: Two
            Then nothing
    """)
    calls.more_steps(f"""
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
    calls.run().assert_outcomes(passed=1, **outcomes[end])


def test_a_task_that_a_failing_step_leaves_is_cancelled(calls: Project) -> None:
    calls.feature("""
        Feature: It
          Scenario: One
            Then it is called

          Scenario: Two
            Then nothing
    """)
    calls.more_steps(
        """
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
    calls.run().assert_outcomes(failed=1, passed=1)
