"""What the command line, the configuration or a step definition names, and is not there, is told with the nearest."""

import pytest

from tests.helpers.project import SETTINGS, Project

FEATURE = """
    Feature: Creating tasks
      Scenario: A new task starts out open
        Then it holds
      Rule: Passwords
        @smoke
        Scenario Outline: A password has <count> letters
          Then it holds
          Examples:
            | count |
            | 8     |
            | 80    |
"""
PATH = "features/tasks/creating.feature"


@pytest.fixture
def named(project: Project) -> Project:
    project.settings(f"{SETTINGS}\nmarkers = smoke\n")
    project.steps('@then("it holds")\ndef _(): ...')
    project.feature(FEATURE, PATH)
    return project


OPEN = f'"{PATH}::A new task starts out open"'
EIGHT = f'"{PATH}::Passwords::A password has <count> letters"'
NOT_FOUND = {
    f"{PATH}::A new tsak starts out open": f'{PATH} has no "A new tsak starts out open": did you mean {OPEN}?',
    f"{PATH}::a new task": f'{PATH} has no "a new task": did you mean {OPEN}?',
    f"{PATH}::A password has": f'{PATH} has no "A password has": did you mean {EIGHT}?',
    f"{PATH}::Pasword::A password has <count> letters": f'{PATH} has no "*": did you mean {EIGHT}?',
    f"{PATH}::A pasword has <count> letters[9]": f'{PATH} has no "*": did you mean {EIGHT}?',
    "features/taks/creating.feature": f"features/taks/creating.feature is not there: did you mean {PATH}?",
    "feature/Tasks/creatng.feature:3": f"feature/Tasks/creatng.feature:3 is not there: did you mean {PATH}:3?",
    "features/tasks/creating": f"features/tasks/creating is not there: did you mean {PATH}?",
    "creating.feature": f"creating.feature is not there: did you mean {PATH}?",
}


@pytest.mark.parametrize(("argument", "said"), NOT_FOUND.items(), ids=NOT_FOUND)
def test_what_is_not_there_is_told_with_what_was_meant(named: Project, argument: str, said: str) -> None:
    result = named.run(argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *", f"ERROR: {said}"])


def test_it_is_told_with_workers(named: Project) -> None:
    for argument in ("features/taks", f"{PATH}::A new", "nothing"):
        result = named.run_process("-n1", argument)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: *{argument.rpartition('::')[2]}*"])


@pytest.mark.parametrize("argument", [f"{PATH}::nothing like it", "nothing/at/all", "x.feature"])
def test_where_nothing_is_near_pytest_alone_speaks(named: Project, argument: str) -> None:
    result = named.run(argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.no_fnmatch_line("*did you mean*")


@pytest.mark.parametrize("argument", [PATH, f"{PATH}::Passwords", f"{PATH}::Passwords::A password has <count> letters"])
def test_what_is_there_runs_with_workers(named: Project, argument: str) -> None:
    result = named.run_process("-n1", argument)
    assert result.parseoutcomes()["passed"] == 3 if argument == PATH else 2


EXPRESSIONS = {
    "-kpasword": "-k pasword: no test has that in its name: did you mean `password`?",
    "-kopne or letters": "-k opne: no test has that in its name: did you mean `open`?",
    "-msmok": "-m smok: no test is tagged so: did you mean `smoke`?",
}


@pytest.mark.parametrize(("option", "said"), EXPRESSIONS.items(), ids=EXPRESSIONS)
def test_a_word_that_no_test_has_is_told_with_the_nearest(named: Project, option: str, said: str) -> None:
    # With the markers that are there pytest itself takes no others.
    named.run(option, "-ostrict_markers=false").stdout.fnmatch_lines([said.replace("?", "[?]")])


def test_a_tag_that_pytest_does_not_take_is_told_with_the_nearest(named: Project) -> None:
    named.run("-msmok").stderr.fnmatch_lines(["ERROR: Unknown marker*", "ERROR: -m smok: * did you mean `smoke`[?]"])


def test_the_name_of_a_scenario_in_k_is_told_how_to_be_written(named: Project) -> None:
    named.run("-k", "A new task starts").stderr.fnmatch_lines(
        ["ERROR: Wrong expression*", f"ERROR: To run a scenario by its name, write: pytest {OPEN}"]
    )


@pytest.mark.parametrize("option", ["-kpassword", "-knot pasword", "-kzebra", "-mnot smoke", "-kCreating", "-k8"])
def test_nothing_is_said_where_nothing_is_wrong_or_near(named: Project, option: str) -> None:
    named.run(option).stdout.no_fnmatch_line("*did you mean*")


OPTIONS = {
    "--accord-doc=x": "there is no option --accord-doc: did you mean --accord-docs?",
    "--dryrun": "there is no option --dryrun: did you mean --dry-run?",
    "--accord_sql": "there is no option --accord_sql: did you mean --accord-sql?",
    "-oaccord_strictt=true": "-o: there is no setting accord_strictt: did you mean accord_strict?",
}


@pytest.mark.parametrize(("option", "said"), OPTIONS.items(), ids=OPTIONS)
def test_an_option_that_is_not_there_is_told_with_the_nearest(named: Project, option: str, said: str) -> None:
    result = named.run(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {said.replace('?', '[?]')}"])


def test_a_setting_that_is_not_there_is_told_with_its_file(named: Project) -> None:
    named.settings(f"{SETTINGS}\nmarkers = smoke\naccord_tag = x\n")
    result = named.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *pytest.ini: there is no setting accord_tag: did you mean accord_tags[?]"])


@pytest.mark.parametrize("option", ["--nonsense", "--accord-zebra", "-oother=1"])
def test_what_is_like_none_of_accords_is_pytests_affair(named: Project, option: str) -> None:
    result = named.run(option)
    result.stderr.no_fnmatch_line("*did you mean*")


KINDS = {
    "{count:itn}": "did you mean `{count:d}`? There are `d` (a whole number), *`Text`; *",
    "{count:int}": "did you mean `{count:d}`? There are *",
    "{title:Txet}": "did you mean `{title:Text}`? There are *",
    "{title:str}": "did you mean `{title}`? There are *",
    "{title:zebra}": "there are `d` (a whole number), *",
}


@pytest.mark.parametrize(("field", "said"), KINDS.items(), ids=KINDS)
@pytest.mark.parametrize("parser", ["parse", "cfparse"])
def test_a_kind_of_argument_that_is_not_there_is_told_with_those_that_are(
    named: Project, parser: str, field: str, said: str
) -> None:
    named.more_steps(f"""
        def sentence(words):
            return parsers.{parser}(words, extra_types={{"Text": str}})

        @given(sentence("the {field}"))
        def _(): ...
    """)
    line = (
        named.path.joinpath("conftest.py")
        .read_text(encoding="utf-8")
        .split("\n")
        .index(f'@given(sentence("the {field}"))')
    )
    result = named.run_process()
    result.stderr.fnmatch_lines(
        [f"E * conftest.py:{line + 1}: `{field}` is of a kind that is not there: {said.replace('?', '[?]')}"]
    )


@pytest.mark.parametrize("name", ["accord_strict", "accord_raise_server_exceptions", "accord_contract_formats"])
def test_a_setting_that_is_neither_true_nor_false_is_named(project: Project, name: str) -> None:
    project.settings(f"{SETTINGS}{name} = perhaps\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {name}: invalid truth value 'perhaps': write true or false."])
