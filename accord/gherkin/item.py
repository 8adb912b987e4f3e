"""A scenario as a test of pytest's: how it runs, and how its failure is shown."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from accord.basics.failures import is_of_text, named
from accord.basics.text import visible
from accord.compat.pytest import (
    ExceptionRepr,
    begin_with,
    can_be_mark,
    know_mark,
    parametrized,
    settle_id,
)
from accord.compat.pytest_bdd import Scenario as RenderedScenario
from accord.compat.pytest_bdd import ScenarioTemplate, Step, StepDefinitionNotFoundError, execute, is_handled
from accord.errors import FaultyFeatureError
from accord.gherkin.ahead import expecting
from accord.gherkin.names import Case
from accord.gherkin.rules.fault import Fault
from accord.running import RUNNING
from accord.steps.awaiting import from_step
from accord.steps.runner import RUNNER
from accord.steps.undefined import UNDEFINED


class Scenario(pytest.Function):
    """A scenario, or one example of an outline."""

    def __init__(self, *, template: ScenarioTemplate, row: dict[str, str], line: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.template = template
        self.row = row
        self.line = line
        settle_id(self)

    @classmethod
    def of(
        cls,
        parent: pytest.Collector,
        case: Case,
        template: ScenarioTemplate,
        row: dict[str, str],
        tags: set[str],
        faults: Sequence[Fault] = (),
    ) -> "Iterator[Scenario]":
        """Yield the scenario of a template, with the values of an example, if it is one, and marked with its tags.

        It is one item for each parameter, where fixtures or plugins have parameters for it. One with faults does not
        run: it fails and says them.
        """
        runner = parent.config.stash.get(RUNNER, None)
        run_steps = execute if runner is None else runner.run

        def run(request: pytest.FixtureRequest) -> None:
            __tracebackhide__ = True
            try:
                # Rendered when it runs: the steps of all scenarios of a large suite would fill the memory.
                run_steps(template.feature, template.render(row), request)
            except BaseException as error:
                error.__traceback__ = from_step(error.__traceback__)
                raise

        rule_tags = set() if template.rule is None else template.rule.tags
        # Sorted, since the order of a set of strings differs from process to process.
        for tag in sorted(tags | template.feature.tags | rule_tags):
            # Whether it is known, the rules say.
            know_mark(parent.config, tag)
            if can_be_mark(tag) or is_handled(parent.config, tag):
                parent.config.hook.pytest_bdd_apply_tag(tag=tag, function=run)
        of = {"callobj": run, "template": template, "row": row, "line": case.line}
        if faults:
            yield FaultyScenario.from_parent(parent, name=case.name, **of, faults=faults)
            return
        for mark in expecting(parent.config, tags | template.feature.tags | rule_tags):
            mark(run)
        for made_with in parametrized(parent, case.scenario, run, case.example):
            yield cls.from_parent(parent, **of, **made_with)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the scenario stands: file, line counted from 0, name."""
        return self.path, self.line - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]  # as Function does
        """Show the failure from the step on."""
        error = excinfo.value
        step = self.config.stash[RUNNING].last_step
        if step is None:
            return super().repr_failure(excinfo)
        if isinstance(error, StepDefinitionNotFoundError):
            return self._undefined(step)
        if isinstance(error, pytest.FixtureLookupError):
            return _unfixed(step, self._location(step), error)
        try:
            return super().repr_failure(excinfo)
        except BaseException as fault:  # pytest shows values in the frames, whose `__repr__` may raise anything.
            # A Ctrl-C of the user's ends the run; one that a `__repr__` raises does not.
            if isinstance(fault, KeyboardInterrupt) and not is_of_text(fault):
                raise
            return f"{self._location(step)}: {named(error)}\n\nMore cannot be shown: {named(fault)}"

    def show_sentence(self, shown: object, *, was_raised: bool) -> None:
        """Have what pytest shows of a failure begin with the scenario, and a mark at each sentence that failed.

        Where nothing was raised, checks of steps that went on have failed; what comes after all steps is at none.
        """
        running = self.config.stash[RUNNING]
        failing = [step for step, _check in running.failed_checks]
        if running.last_step is not None and not running.has_held and (was_raised or not failing):
            failing.append(running.last_step)
        if running.last_step is not None and isinstance(shown, ExceptionRepr):
            marked = _marked(self.template.render(self.row), failing)
            # What is shown below may come of that, far from where it happened.
            errors = "".join(f"\n{error}\n" for error in running.app_errors)
            line = failing[0].line_number if failing else self.line
            begin_with(shown, visible(f"{self.nodeid.partition('::')[0]}:{line}\n{marked}\n{errors}"))

    def _undefined(self, step: Step) -> str:
        undefined = self.config.stash.get(UNDEFINED, None)
        said = f"no step definition says: {step.keyword} {step.name}"
        return visible(f"{self._location(step)}: {said if undefined is None else undefined.sentence(step, self)}")

    def _location(self, step: Step) -> str:
        return f"{self.nodeid.partition('::')[0]}:{step.line_number}"


class FaultyScenario(Scenario):
    """A scenario that breaks a rule: it fails, naming all that is wrong, and nothing of it runs."""

    def __init__(self, *, faults: Sequence[Fault], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.faults = faults

    def setup(self) -> None:
        """Set up no fixture: none is needed."""

    def runtest(self) -> None:
        """Fail. Raises FaultyFeatureError."""
        raise_faults(self)


class FaultyPart(pytest.Item):
    """What stands for a feature file, or an outline, of which nothing can run."""

    def __init__(self, *, faults: Sequence[Fault], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.faults = faults

    @property
    def obj(self) -> Callable[[], NoReturn]:
        """What runs: a conftest may look at the function of each item, where all were functions without Accord."""
        return self.runtest

    function = obj

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where its first fault stands: file, line counted from 0, name."""
        return self.path, self.faults[0].line - 1, self.name

    def runtest(self) -> NoReturn:
        """Fail. Raises FaultyFeatureError."""
        raise_faults(self)


def breaks(item: pytest.Item, rule: str) -> bool:
    """Return whether an item fails since it breaks a rule."""
    return isinstance(item, FaultyScenario | FaultyPart) and any(fault.rule == rule for fault in item.faults)


def raise_faults(item: FaultyScenario | FaultyPart) -> NoReturn:
    """Raise FaultyFeatureError with all faults of an item, each with file and line."""
    file = item.nodeid.partition("::")[0]
    raise FaultyFeatureError("\n".join(f"{file}:{fault.line}: {fault}" for fault in item.faults))


def _marked(scenario: RenderedScenario, failing: Iterable[Step]) -> str:
    failing_lines = {step.line_number for step in failing}
    lines = [f"  {scenario.keyword}: {scenario.name}"]
    for step in scenario.steps:
        mark = ">" if step.line_number in failing_lines else " "
        lines.append(f"{mark}   {step.keyword} {step.name}")
    return "\n".join(lines)


def _unfixed(step: Step, location: str, error: pytest.FixtureLookupError) -> str:
    what, *_ = str(error.formatrepr().errorstring).splitlines()
    return f"{location}: {step.keyword} {step.name}: {what.strip()}: correct the name, or define the fixture."
