"""Modules of step definitions under `steps` need no conftest that names them."""

import pytest

from tests.helpers.project import IMPORTS, SETTINGS, Project

STEPS = """
from pytest_bdd import given, parsers, then


@given(parsers.parse("{number:d} apples"), target_fixture="apples")
async def apples(number):
    return number


@then(parsers.parse("there are {number:d}"))
def check(apples, number):
    assert apples == number
"""


@pytest.fixture(autouse=True)
def a_feature(project: Project) -> None:
    project.feature("Feature: It\n  Scenario: One\n    Given 2 apples\n    Then there are 2\n", "features/it.feature")


def module(project: Project, path: str, text: str = STEPS) -> None:
    file = project.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "path",
    [
        ["steps/fruit.py"],
        ["steps/__init__.py"],
        ["steps/__init__.py", "steps/garden/fruit.py"],
        ["tests/steps/fruit.py"],
        ["tests/__init__.py", "tests/steps/__init__.py", "tests/steps/fruit.py"],
    ],
    ids="|".join,
)
@pytest.mark.parametrize("options", [[], ["-n", "1"], ["--import-mode=importlib"]], ids=" ".join)
def test_a_module_under_steps_is_loaded(project: Project, path: list[str], options: list[str]) -> None:
    for name in path[:-1]:
        module(project, name, "")
    module(project, path[-1])
    project.run_process(*options).assert_outcomes(passed=1)


def test_what_a_conftest_names_is_not_loaded_twice(project: Project) -> None:
    module(project, "steps/__init__.py", "")
    module(project, "steps/fruit.py")
    project.settings(SETTINGS + "accord_strict = true\n")
    for conftest in ("pytest_plugins = ['steps.fruit']", "from steps.fruit import *"):
        project.path.joinpath("conftest.py").write_text(conftest)
        project.run_process().assert_outcomes(passed=1)


def test_modules_may_import_each_other(project: Project) -> None:
    module(project, "steps/baskets.py", "import pytest_bdd\nfrom steps.fruit import apples")
    module(project, "steps/fruit.py")
    project.run_process().assert_outcomes(passed=1)


def test_fixtures_and_hooks_of_such_a_module_take_part(project: Project) -> None:
    module(
        project,
        "steps/fruit.py",
        STEPS
        + """
import pytest


@pytest.fixture(autouse=True)
def ripe():
    print("ripe")


def pytest_bdd_after_scenario():
    print("eaten")
""",
    )
    result = project.run_process("-rP")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["ripe", "eaten"])


def test_assertions_there_are_explained(project: Project) -> None:
    module(project, "steps/fruit.py", STEPS.replace("apples == number", "apples == number + 1"))
    project.run_process().stdout.fnmatch_lines(["E*assert 2 == (2 + 1)"])


def test_another_folder_or_file_is_loaded_where_the_setting_names_it(project: Project) -> None:
    module(project, "bdd/definitions/fruit.py", STEPS.replace("2 apples", "2 pears"))
    project.run_process().assert_outcomes(failed=1)
    for name in ("bdd/definitions", "bdd/definitions/fruit.py"):
        project.settings(SETTINGS + f"accord_steps = {name}\n")
        project.run_process().assert_outcomes(passed=1)


@pytest.mark.parametrize("path", ["bdd/definitions/fruit.py", "features/steps/fruit.py", "app/tests/bdd/fruit.py"])
def test_a_module_that_is_not_loaded_is_named_where_it_defines_an_undefined_sentence(
    project: Project, path: str
) -> None:
    module(project, path)
    result = project.run_process()
    result.assert_outcomes(failed=1)
    said = f"it is defined in {path}:6, which is not loaded: name that in accord_steps, or import it"
    result.stdout.fnmatch_lines([f"features/it.feature:3: no step definition says: Given 2 apples: {said}"])
    assert "NotImplementedError" not in result.stdout.str()
    project.settings(SETTINGS + f"accord_steps = {path.rpartition('/')[0]}\n")
    project.run_process().assert_outcomes(passed=1)


def test_a_module_that_cannot_be_imported_is_named_and_the_others_are_loaded(project: Project) -> None:
    module(project, "steps/fruit.py")
    module(project, "steps/pears.py", "import pytest_bdd\n\nno_such_name\n")
    module(project, "steps/plums.py", "import pytest_bdd\nimport no_such_module\n")
    result = project.run_process()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "steps/pears.py is not loaded, *: NameError: name 'no_such_name' is not defined (steps/pears.py:3): *",
            "steps/plums.py is not loaded, *: * No module named 'no_such_module' (steps/plums.py:2): correct it.",
        ]
    )


@pytest.mark.parametrize(
    ("text", "said", "reason"),
    [
        (f"{STEPS}no_such_name\n", "it is defined in {path}:6", "NameError: * ({path}:13)"),
        (STEPS.replace("(number):", "(number)"), "it may be defined in {path}", "SyntaxError: expected ':' ({path}:6)"),
        (
            STEPS.replace("parsers.parse", "parsers.parser"),
            "it may be defined in {path}",
            "AttributeError: * ({path}:5)",
        ),
        (STEPS.replace(":d", ":Pear"), "it may be defined in {path}", "ValueError: {path}:5: `{{number:Pear}}` is *"),
    ],
)
def test_an_undefined_step_says_why_the_module_that_defines_it_is_not_loaded(
    project: Project, text: str, said: str, reason: str
) -> None:
    module(project, path := "steps/fruit.py", text)
    result = project.run_process()
    result.assert_outcomes(failed=1)
    said = f"{said}, which is not loaded: {reason}: correct it".format(path=path)
    result.stdout.fnmatch_lines([f"features/it.feature:3: no step definition says: Given 2 apples: {said}"] * 2)
    assert "NotImplementedError" not in result.stdout.str()


def test_no_feature_is_foreign_beside_tests_where_a_module_of_steps_is_not_loaded(project: Project) -> None:
    module(project, "steps/fruit.py", STEPS + "no_such_name\n")
    module(project, "tests/test_it.py", "def test_it(): pass\n")
    project.run_process().assert_outcomes(passed=1, failed=1)


@pytest.mark.parametrize(
    ("name", "advice"), [("stpes", "did you mean steps?"), ("bdd/orchard", "correct it, or remove it.")]
)
def test_a_setting_that_names_what_is_not_there_is_a_usage_error(project: Project, name: str, advice: str) -> None:
    module(project, "steps/fruit.py")
    project.settings(f"{SETTINGS}accord_steps = {name}\n")
    result = project.run_process()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: accord_steps names {name}, which is not there: {advice}"])


def test_a_module_without_steps_and_a_test_module_are_left_alone(project: Project) -> None:
    module(project, "steps/fruit.py")
    module(project, "steps/tools.py", "raise RuntimeError")
    module(project, "steps/test_fruit.py", "import pytest_bdd\n\ndef test_it(): pass")
    project.run_process().assert_outcomes(passed=2)


def test_a_suite_that_binds_its_features_imports_its_steps_itself(project: Project) -> None:
    module(
        project,
        "steps/fruit.py",
        "import pytest_bdd\nimport pytest\n\n@pytest.fixture(autouse=True)\ndef bad():\n    assert 0",
    )
    module(project, "test_it.py", f"{IMPORTS}\n{STEPS}\nfrom pytest_bdd import scenarios\nscenarios('features')")
    project.run_process().assert_outcomes(passed=1)


def test_plain_tests_alone_load_none(project: Project) -> None:
    module(project, "steps/fruit.py", "import pytest_bdd\nraise RuntimeError")
    module(project, "test_it.py", "def test_it(): pass")
    result = project.run_process("test_it.py")
    result.assert_outcomes(passed=1)
    assert "fruit" not in result.stdout.str()
