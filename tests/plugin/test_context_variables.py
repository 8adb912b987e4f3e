"""What a step or fixture sets in a context variable is seen until its scenario ends, and no longer."""

import pytest

from tests.helpers.project import Project


@pytest.fixture
def variables(project: Project) -> Project:
    """A project whose steps set a context variable, and look at it."""
    project.copy("context_variables")
    return project


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
    variables: Project, setter: str, value: str
) -> None:
    variables.feature(f"""
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
    variables.run().assert_outcomes(passed=2)


def test_each_layer_of_a_context_variable_is_taken_back_in_order(variables: Project) -> None:
    variables.run().assert_outcomes(passed=2)


def test_an_async_fixture_sees_to_its_end_what_was_set_before_it(variables: Project) -> None:
    variables.scenario("Given an async step sets it", "Then a fixture sees it")
    variables.more_steps("""
        @pytest.fixture
        async def seeing():
            assert variable.get() == "of the step"
            yield
            assert variable.get() == "of the step"

        @then("a fixture sees it")
        def _(seeing): ...
    """)
    variables.run().assert_outcomes(passed=1)


def test_a_failing_step_leaves_no_context_variable_behind(variables: Project) -> None:
    variables.feature("""
        Feature: It
          Scenario: One
            Then it sets and fails
          Scenario: Two
            Then a sync step sees "unset"
    """)
    variables.more_steps("""
        @then("it sets and fails")
        async def _():
            variable.set("of the failing")
            assert False
    """)
    variables.run().assert_outcomes(failed=1, passed=1)
