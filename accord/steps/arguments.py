"""What a step function is given: the values of its sentence, what stands under it, and fixtures."""

from collections.abc import Iterable
from difflib import get_close_matches

import pytest

from accord.basics.failures import named, own_traceback
from accord.basics.source import defined_at, location
from accord.basics.text import visible
from accord.compat.pytest import ScopeMismatch
from accord.compat.pytest_bdd import Step, StepDefinition, bound_scenario, fixture_names
from accord.errors import AccordError, StepArgumentError
from accord.steps.annotations import NotConvertedError, converted
from accord.steps.definitions import UNDER, Definitions, lacking, owner

# How many sentences that give a fixture are named.
_MOST_NAMED = 3
# How alike a name must be for it to have been meant.
_CUTOFF = 0.7


def arguments_of(
    definition: StepDefinition, step: Step, request: pytest.FixtureRequest, definitions: Definitions
) -> dict[str, object]:
    """Return the arguments of a step function.

    Raises StepArgumentError where a value cannot be converted, or nothing has the name of an argument; for a scenario
    that a Python module binds what pytest-bdd raises, with the same said. Raises what a fixture raises, too.
    """
    __tracebackhide__ = True
    is_bound = bound_scenario(request.node) is not None
    try:
        arguments = definition.arguments(step)
    except Exception as error:  # Whatever a converter of the project's raises.
        if is_bound or isinstance(error, AccordError) or (sentence := _unconverted(definition, step, request)) is None:
            raise
        raise StepArgumentError(sentence) from error
    if not is_bound:
        for name, value in arguments.items():
            try:
                arguments[name] = converted(definition.function, name, value)
            except NotConvertedError as error:
                raise StepArgumentError(_unfit(name, value, error, definition, step, request.node)) from error
    for name in definition.required:
        if name in arguments:
            continue
        try:
            arguments[name] = request.getfixturevalue(name)
        except pytest.FixtureLookupError as error:
            # With a message of its own it is no name that is missing.
            if error.msg or error.argname is None:
                raise
            if error.fixturestack:
                sentence = _missing_below(error.fixturestack[-1], error.argname, step, request.node)
            else:
                sentence = _missing(name, definition, step, request.node, definitions)
            if is_bound:
                # In the place of all fixtures that there are.
                error.msg = f"fixture '{error.argname}' not found\n{visible(sentence)}"
                raise
            raise StepArgumentError(sentence) from error
        except pytest.fail.Exception as error:
            if is_bound or (mismatch := ScopeMismatch.of(error)) is None:
                raise
            raise StepArgumentError(_too_narrow(mismatch, name, step, request.node)) from error
    return arguments


def shadowing(definition: StepDefinition, step: Step, item: pytest.Item) -> str | None:
    """Say which values of a sentence a step function is given in the place of fixtures; None where there are none.

    What an earlier step gave is no such fixture: a sentence may well name it.
    """
    known = set(fixture_names(owner(item)))
    hidden = [f"`{name}`" for name, _value in definition.values(step) if name in known]
    if not hidden:
        return None
    named, place = " and ".join(hidden), _place(definition, item)
    return f"{named} of the step definition ({place}) is what the sentence says, not the fixture: rename one of them."


def _at(step: Step, item: pytest.Item) -> str:
    return f"{_line(step, item)}: {step.keyword} {step.name.removesuffix(':')}"


def _line(step: Step, item: pytest.Item) -> str:
    bound = bound_scenario(item)
    if bound is not None:
        return location(bound[0].feature.filename, step.line_number, item.config.rootpath)
    return f"{item.nodeid.partition('::')[0]}:{step.line_number}"


def _place(definition: StepDefinition, item: pytest.Item) -> str:
    return location(*defined_at(definition.function), item.config.rootpath)


def _unfit(
    name: str, value: object, error: Exception, definition: StepDefinition, step: Step, item: pytest.Item
) -> str:
    """Say that a value is not what the annotation of an argument says."""
    what = {"datatable": "the table", "docstring": "the text"}.get(name, f'"{value}"')
    where = f"`{name}` of its step definition ({_place(definition, item)})"
    return f"{_at(step, item)}: {what} cannot be the {where}: {error}."


def _unconverted(definition: StepDefinition, step: Step, request: pytest.FixtureRequest) -> str | None:
    """Say which value of a sentence cannot be converted; None where it is none of those."""
    item = request.node
    for name, text in definition.values(step):
        try:
            definition.convert(name, text)
        except Exception as error:  # As above.
            return (
                f'{_at(step, item)}: "{text}" cannot be the `{name}` of its step definition '
                f"({_place(definition, item)}): {_why(error, item)}"
            )
    return None


def _why(error: Exception, item: pytest.Item) -> str:
    place, _details = own_traceback(error, item.config.rootpath)
    return f"{named(error)}{f' ({place})' if place else ''}: correct the sentence, or what converts it."


def _missing(name: str, definition: StepDefinition, step: Step, item: pytest.Item, definitions: Definitions) -> str:
    """Say that a step function has an argument that nothing gives, and what may be meant."""
    if name in UNDER:
        what = lacking(definition, name, f"{step.keyword} {step.name}", item.config.rootpath)
        return f"{_line(step, item)}: {what}"
    where = f"{_at(step, item)}: its step definition ({_place(definition, item)})"
    visible = list(definitions.visible_to([item]))
    if givers := [it for it in visible if it.target_fixture == name]:
        return f"{where} needs `{name}`, which {_sentences(givers, item)} gives, and no such step stands before it."
    given = [value for value, _text in definition.values(step)]
    known = [*given, *fixture_names(owner(item)), *(it.target_fixture for it in visible if it.target_fixture)]
    gives = f"the sentence gives {_listed(given)}" if given else "the sentence gives no value"
    return f"{where} has an argument `{name}`, and there is no fixture of that name, and {gives}: {_meant(name, known)}"


def _missing_below(fixture: pytest.FixtureDef[object], name: str, step: Step, item: pytest.Item) -> str:
    """Say that a fixture under the step has an argument that is no fixture, and what may be meant."""
    place = location(*defined_at(fixture.func), item.config.rootpath)
    return (
        f"{_at(step, item)}: the fixture `{fixture.argname}` ({place}), which it uses, has an argument `{name}`, and "
        f"there is no fixture of that name: {_meant(name, fixture_names(owner(item)))}"
    )


def _too_narrow(mismatch: ScopeMismatch, name: str, step: Step, item: pytest.Item) -> str:
    """Say that a fixture ends sooner than what is made of it."""
    return (
        f"{_at(step, item)}: the fixture `{mismatch.name}` ({mismatch.place}) is of the scope {mismatch.scope}, and "
        f'`{name}` needs one of the scope {mismatch.needed}: write @pytest.fixture(scope="{mismatch.needed}").'
    )


def _meant(name: str, known: Iterable[str]) -> str:
    meant = next(iter(get_close_matches(name, known, 1, _CUTOFF)), None)
    return f"did you mean `{meant}`?" if meant else "rename the argument, or define the fixture."


def _sentences(definitions: Iterable[StepDefinition], item: pytest.Item) -> str:
    """Name the first few of them, each once: `I ask` (steps/asking.py:12)."""
    known = list(dict.fromkeys(f"`{it.parser.name}` ({_place(it, item)})" for it in definitions))
    more = [f"one of {len(known) - _MOST_NAMED} others"] if len(known) > _MOST_NAMED else []
    return " or ".join(known[:_MOST_NAMED] + more)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
