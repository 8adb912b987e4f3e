"""The steps of a scenario are run one after another, with the hooks, arguments and fixtures that pytest-bdd has."""

from typing import Any

import pytest

from accord.basics.text import visible
from accord.compat.pytest import give_fixture
from accord.compat.pytest_bdd import Feature, Scenario, Step, StepDefinition, StepDefinitionNotFoundError
from accord.steps.arguments import arguments_of, shadowing
from accord.steps.awaiting import Calls
from accord.steps.definitions import Definitions


class Runner:
    """Runs scenarios: those of feature files, and those that a Python module binds."""

    def __init__(self, definitions: Definitions, calls: Calls) -> None:
        self._definitions = definitions
        self._calls = calls

    def run(self, feature: Feature, scenario: Scenario, request: pytest.FixtureRequest) -> None:
        """Run a scenario. Raises AmbiguousStepError, StepDefinitionNotFoundError, and what its steps raise."""
        __tracebackhide__ = True
        context = {"request": request, "feature": feature, "scenario": scenario}
        hook = request.config.hook
        hook.pytest_bdd_before_scenario(**context)
        try:
            for step in scenario.steps:
                definition = self._definitions.resolve(step, request.node)
                if definition is None:
                    error = _undefined(step, scenario)
                    hook.pytest_bdd_step_func_lookup_error(**context, step=step, exception=error)
                    raise error
                self._run_step(definition, request, step, {**context, "step": step, "step_func": definition.function})
        finally:
            hook.pytest_bdd_after_scenario(**context)

    def _run_step(
        self, definition: StepDefinition, request: pytest.FixtureRequest, step: Step, context: dict[str, Any]
    ) -> None:
        __tracebackhide__ = True
        hook = request.config.hook
        hook.pytest_bdd_before_step(**context)
        arguments: dict[str, object] = {}
        try:
            if step.datatable is not None or step.docstring is not None:
                self._definitions.check_unused(definition, step, request.node)
            arguments = arguments_of(definition, step, request, self._definitions)
            hook.pytest_bdd_before_step_call(**context, step_func_args=arguments)
            value = self._calls.call(definition.function, request, arguments)
            if value is False and step.type == "then" and definition.target_fixture is None:
                self._definitions.fail_unasserted(definition, step, request.node)
        # As pytest-bdd has it: `pytest.fail` is not an Exception, and a skip is not an error.
        except (Exception, pytest.fail.Exception) as error:
            # What a fixture has, and a text has not.
            if isinstance(error, AttributeError | TypeError) and (said := shadowing(definition, step, request.node)):
                error.add_note(visible(said))
            hook.pytest_bdd_step_error(**context, step_func_args=arguments, exception=error)
            raise
        # Before the hook, as in pytest-bdd: what comes after a step may ask for the fixture.
        if definition.target_fixture is not None:
            give_fixture(request, definition.target_fixture, value)
        hook.pytest_bdd_after_step(**context, step_func_args=arguments)


def _undefined(step: Step, scenario: Scenario) -> StepDefinitionNotFoundError:
    return StepDefinitionNotFoundError(
        f"Step definition is not found: {step}. "
        f'Line {step.line_number} in scenario "{scenario.name}" in the feature "{scenario.feature.filename}"'
    )


RUNNER = pytest.StashKey[Runner]()
