"""A sentence that two step definitions match is refused: which of them would run is nobody's decision."""

import pytest

from tests.helpers.project import IMPORTS, SETTINGS, Project

PEN = """
@given({sentence})
async def _():  # {mark}
    print("a step ran")
"""
THEN = '\n@then("it is there")\nasync def _(): ...\n'


def pen(sentence: str = '"a pen"', mark: str = "one") -> str:
    return PEN.format(sentence=sentence, mark=mark)


@pytest.fixture
def written(project: Project) -> Project:
    """A project whose scenario wants a pen."""
    project.feature("Feature: It\n  Scenario: One\n    Given a pen\n    Then it is there", "features/it.feature")
    return project


def place(project: Project, mark: str, path: str = "conftest.py") -> str:
    """Return where a definition begins: at the decorator above the line that is marked."""
    lines = project.path.joinpath(path).read_text(encoding="utf-8").splitlines()
    return f"{path}:{next(number for number, line in enumerate(lines) if line.endswith(f'# {mark}'))}"


def module(project: Project, path: str, text: str) -> None:
    file = project.path / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(IMPORTS + text, encoding="utf-8")


def refused(project: Project, *places: str, arguments: tuple[str, ...] = ()) -> None:
    result = project.run("-s", *arguments)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"*features/it.feature:3: {len(places)} step definitions say: Given a pen: "
            f"{' and '.join(places)}: reword or remove all but one. [[]ambiguous-step]"
        ]
    )
    result.stdout.no_fnmatch_line("*a step ran*")


OTHERS = {
    "the same text": '"a pen"',
    "a parametrised text": 'parsers.parse("a {thing}")',
    "a regular expression": 'parsers.re("a p.n")',
    "a parser of other types": 'parsers.cfparse("a {thing:w}")',
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_two_definitions_in_one_module_are_an_error_that_names_them(written: Project, other: str) -> None:
    written.steps(pen() + pen(other, "two") + THEN)
    refused(written, place(written, "one"), place(written, "two"))


def test_all_definitions_are_named(written: Project) -> None:
    written.steps(pen() + pen('parsers.parse("a {thing}")', "two") + pen('"a pen"', "three") + THEN)
    refused(written, *(place(written, mark) for mark in ("one", "two", "three")))


def test_a_definition_for_any_keyword_beside_one_for_a_given_is_an_error(written: Project) -> None:
    written.steps(pen() + pen(mark="two").replace("@given", "@step") + THEN)
    refused(written, place(written, "one"), place(written, "two"))


def test_a_nearer_definition_overrides_a_farther_one(written: Project) -> None:
    written.steps(pen() + pen('parsers.parse("a {thing}")', "three") + THEN)
    module(written, "features/conftest.py", pen(mark="two").replace("a step ran", "the nearer one ran"))
    result = written.run("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*the nearer one ran*"])
    result.stdout.no_fnmatch_line("*a step ran*")


def test_a_nearer_conftest_overrides_no_definition_where_that_is_strict(written: Project) -> None:
    written.settings(SETTINGS + "accord_strict = true\n")
    written.steps(pen() + THEN)
    module(written, "features/conftest.py", pen(mark="two"))
    refused(written, place(written, "one"), place(written, "two", "features/conftest.py"))


def test_two_definitions_in_one_nearer_place_are_an_error(written: Project) -> None:
    written.steps(pen() + THEN)
    module(written, "features/conftest.py", pen(mark="two") + pen('parsers.parse("a {thing}")', "three"))
    refused(written, *(place(written, mark, "features/conftest.py") for mark in ("two", "three")))


SWITCHES = {
    "the configuration": ("accord_ignore = ambiguous-step", ""),
    "a comment": ("", "# accord: ignore[ambiguous-step]\n"),
}


@pytest.mark.parametrize(("setting", "comment"), SWITCHES.values(), ids=SWITCHES)
def test_where_the_rule_is_switched_off_the_last_definition_runs(written: Project, setting: str, comment: str) -> None:
    written.settings(SETTINGS + setting + "\n")
    written.change("features/it.feature", "Feature:", f"{comment}Feature:")
    written.steps(pen() + pen(mark="two").replace("a step ran", "the last one ran") + THEN)
    result = written.run("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*the last one ran*"])


def test_a_plugin_and_a_conftest_that_define_one_sentence_are_an_error(written: Project) -> None:
    written.steps(pen() + THEN)
    module(written, "shared/pens.py", pen(mark="two"))
    written.pytester.syspathinsert()
    refused(written, place(written, "one"), place(written, "two", "shared/pens.py"), arguments=("-p", "shared.pens"))


def test_wrapped_functions_are_named_where_they_are_written(written: Project) -> None:
    written.steps(
        """
def decorated(function):
    @functools.wraps(function)
    def wrapper():
        return function()
    return wrapper
"""
        + pen().replace("async def", "@decorated\nasync def").replace("  # one", "")
        + """
async def write(number):  # two
    ...

given("a pen")(functools.partial(write, 1))
"""
        + THEN
    )
    number = int(place(written, "two").rpartition(":")[2]) + 1
    result = written.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*: 2 step definitions say: Given a pen: conftest.py:* and conftest.py:{number}: *"])


@pytest.fixture
def bound(written: Project) -> Project:
    """A module binds that scenario, and two definitions in one place match its first step."""
    written.steps(pen() + pen(mark="two").replace("a step ran", "the last one ran") + THEN)
    module(written, "test_bound.py", '\nfrom pytest_bdd import scenarios\nscenarios("features")')
    return written


@pytest.mark.parametrize("arguments", [[], ["--dry-run"]], ids=str)
def test_of_a_scenario_that_a_python_module_binds_it_is_said(bound: Project, arguments: list[str]) -> None:
    result = bound.run("-s", "test_bound.py", *arguments)
    assert result.ret == 0
    places = f"{place(bound, 'one')} and {place(bound, 'two')}"
    said = f"features/it.feature:3: 2 step definitions say: Given a pen: {places}: *. [[]ambiguous-step]"
    result.stdout.fnmatch_lines([said] if arguments else ["*the last one ran*", said])


def test_it_fails_where_that_is_strict(bound: Project) -> None:
    bound.settings(SETTINGS + "accord_strict = true\n")
    refused(bound, place(bound, "one"), place(bound, "two"), arguments=("test_bound.py",))


FINE = {
    "one function under two sentences": '@given("a pen")\n@given(parsers.parse("a {thing}"))\nasync def _(): ...\n',
    "one function under one sentence twice": '@given("a pen")\n@given("a pen")\nasync def _(): ...\n',
    "one sentence for a given and for a when": pen() + pen(mark="two").replace("@given", "@when"),
    "sentences of which one is the beginning of the other": pen() + pen('"a pencil"', "two"),
}


@pytest.mark.parametrize("steps", FINE.values(), ids=FINE)
def test_what_is_not_ambiguous_runs(written: Project, steps: str) -> None:
    written.steps("\n" + steps + THEN)
    written.run().assert_outcomes(passed=1)


def test_a_definition_that_another_module_imports_is_one(written: Project) -> None:
    module(written, "shared/pens.py", pen() + THEN)
    written.pytester.syspathinsert()
    written.steps("\nfrom shared.pens import *")
    module(written, "features/conftest.py", "\nfrom shared.pens import *")
    written.run().assert_outcomes(passed=1)


def test_a_definition_that_the_scenario_cannot_see_is_no_other(written: Project) -> None:
    written.steps(THEN)
    for folder in ("features", "other"):
        written.feature("Feature: It\n  Scenario: One\n    Given a pen\n    Then it is there", f"{folder}/it.feature")
        module(written, f"{folder}/conftest.py", pen())
    written.run().assert_outcomes(passed=2)
