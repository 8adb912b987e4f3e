"""Sentences without a step definition: each is told once, at the end of the run, with the code to begin with."""

import ast

import pytest

from tests.helpers.project import Project

STEPS = """
    @given(parsers.parse('the task "{title}"'))
    async def _(title): ...
"""
DUE = """
    Feature: Due dates
      Background:
        Given a calendar
      Scenario: One
        Given the task "Buy milk"
        When I set the due date of the task "Buy milk" to 1 March 2026
        And I invite 3 people:
          | name |
          | Bob  |
        Then the list is empty
      Scenario: Two
        When I set the due date of the task "Walk" to 2 April 2026
        And I invite 12 people:
          | name |
        Then the note is:
          ```
          It is a note.
          ```
"""


@pytest.fixture
def due(project: Project) -> Project:
    project.steps(STEPS)
    project.feature(DUE)
    return project


def code_in(result: pytest.RunResult) -> str:
    """Return the code that a run shows to begin with."""
    lines = result.outlines
    start = lines.index("Step definitions to begin with:") + 1
    end = next(number for number, line in enumerate(lines) if number > start and line.startswith("==="))
    return "\n".join(lines[start:end])


def told(result: pytest.RunResult) -> list[str]:
    """Return the lines of the section that tells of undefined steps."""
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if " undefined steps " in line)
    return lines[start + 1 : lines.index("", start)]


ALL = [
    "it.feature:3: no step definition says: Given a calendar",
    "  2 times",
    'it.feature:6: no step definition says: When I set the due date of the task "Buy milk" to 1 March 2026',
    "  2 times: also it.feature:12",
    "it.feature:7: no step definition says: And I invite 3 people:",
    "  2 times: also it.feature:13",
    "it.feature:10: no step definition says: Then the list is empty",
    "it.feature:15: no step definition says: Then the note is:",
]
CODE = """
from datetime import date

from pytest_bdd import given, parsers, then, when


@given("a calendar")
async def a_calendar() -> None:
    raise NotImplementedError


@when(parsers.parse('I set the due date of the task "{task}" to {day:%d %B %Y}'))
async def i_set_the_due_date_of_the_task_to(task: str, day: date) -> None:
    raise NotImplementedError


@when(parsers.parse("I invite {number:d} people:"))
async def i_invite_people(number: int, datatable: list[list[str]]) -> None:
    raise NotImplementedError


@then("the list is empty")
async def the_list_is_empty() -> None:
    raise NotImplementedError


@then("the note is:")
async def the_note_is(docstring: str) -> None:
    raise NotImplementedError
"""


@pytest.mark.parametrize("arguments", [[], ["-n2"], ["--dry-run"]], ids=["alone", "workers", "dry"])
def test_each_sentence_is_told_once_with_its_places_and_a_block_to_paste(due: Project, arguments: list[str]) -> None:
    result = due.run_process("-pno:randomly", *arguments)
    assert told(result) == ALL
    assert code_in(result).strip() == CODE.strip()
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_what_is_pasted_says_each_of_them(due: Project) -> None:
    due.more_steps(code_in(due.run()))
    result = due.run("--dry-run")
    result.stdout.fnmatch_lines(["2 scenarios, none of them run: each step has a definition."])


SENTENCES = {
    "the same, once with more under it": (
        ["I add:\n| a |", "I add:"],
        "async def i_add(datatable: list[list[str]] | None = None) -> None:",
    ),
    "quotes of another kind": (["it is \u201copen\u201d", "it is \u201cnot\u201d"], '"it is \u201c{text}\u201d"'),
    "a number with a point, and one without": (["I pay 3 times", "I pay 2.50 times"], '"I pay {number:g} times"'),
    "two of a kind": (['from "a" to "b"', 'from "c" to "d"'], '\'from "{text}" to "{text_2}"\''),
    "an empty text": (['I enter ""', 'I enter "x"'], 'parsers.re(\'I enter "(?P<text>[^"]*)"\')'),
    "a name of Python's": (['the class "A"', 'the class "B"'], "async def the_class(text: str) -> None:"),
    "a name of a fixture's": (['the client "A"', 'the client "B"'], "async def the_client(text: str) -> None:"),
    "a name of pytest's": (["test it", "test  it"], "async def given_test_it() -> None:"),
    "what is a number to nobody": (["version 1.2.3, 4th, v2", "x"], "version 1.2.3, 4th, v2"),
    "braces": (['{a} and "b"', '{a} and "c"'], "parsers.parse('{{a}} and \"{text}\"')"),
    "an apostrophe": (["Bob's and Alice's", "x"], "\"Bob's and Alice's\""),
    "a time": (["at 09:30 on 1 March 2026", "at 10:00 on 2 May 2026"], '"at {moment:%H:%M on %d %B %Y}"'),
    "an ISO date": (["on 2026-03-01", "on 2026-04-01"], '"on {day:%Y-%m-%d}"'),
}


@pytest.mark.parametrize(("sentences", "said"), SENTENCES.values(), ids=SENTENCES)
def test_what_is_pasted_has_arguments_for_what_varies(project: Project, sentences: list[str], said: str) -> None:
    project.path.joinpath("conftest.py").write_text("")
    lines = "\n".join(f"Given {sentence}" for sentence in sentences).split("\n")
    project.scenario(*lines, "Then it is")
    code = code_in(project.run())
    assert said in code
    ast.parse(code)
    project.steps(code)
    project.run("--dry-run").stdout.fnmatch_lines(["*none of them run: each step has a definition."])


def test_what_an_outline_fills_in_is_an_argument_of_that_name(project: Project) -> None:
    project.feature("""
        Feature: It
          Scenario Outline: One
            Given <count> tasks that are <state>
            Then "<title>" is at the <place in the list>
            Examples:
              | count | state | title | place in the list |
              | 3     | open  | a     | top               |
              | 12    | done  |       | top               |
          Scenario: Two
            Then "a" is at the end
    """)
    project.steps("")
    code = code_in(project.run())
    assert 'parsers.re(r"(?P<count>-?\\d+) tasks that' not in code
    assert "async def tasks_that_are(count: int, state: str)" in code
    assert "async def is_at_the(title: str, place_in_the_list: str)" in code
    project.more_steps(code)
    project.run("--dry-run").stdout.fnmatch_lines(["*none of them run: each step has a definition."])


def test_of_sentences_that_a_parser_takes_for_one_another_each_has_one_definition(project: Project) -> None:
    project.scenario(
        'Given the task "a"', 'And the task "b" with "c"', 'And the task "a" for "c" with "d"', "Then it is"
    )
    project.steps("")
    project.more_steps(code_in(project.run()))
    project.run("--dry-run").stdout.fnmatch_lines(["*none of them run: each step has a definition."])


def test_a_definition_of_two_kinds_is_one_function(project: Project) -> None:
    project.scenario("Given I look", "When I look", "Then it is")
    project.steps("")
    assert '@given("I look")\n@when("I look")\nasync def i_look() -> None:' in code_in(project.run())


SENTENCE = """
from parse import with_pattern
from pytest_bdd.parsers import parse


@with_pattern(r'"[^"]*"')
def text(words: str) -> str:
    return words[1:-1]


@with_pattern("[0-9]+")
def number(words: str) -> int:
    return int(words)


def sentence(words):
    return parse(words, extra_types={"Text": text, "Number": number}, case_sensitive=True)
"""
EXPRESSION = """
from cucumber_expressions.expression import CucumberExpression
from cucumber_expressions.parameter_type_registry import ParameterTypeRegistry
from pytest_bdd.parsers import StepParser


class expression(StepParser):
    def __init__(self, name):
        super().__init__(name)
        self.expression = CucumberExpression(name, ParameterTypeRegistry())

    def is_matching(self, name):
        return self.expression.match(name) is not None

    def parse_arguments(self, name):
        return dict(zip(("count", "name"), [it.value for it in self.expression.match(name)]))
"""
STYLES = {
    "Cucumber's expressions": (
        "from expressions import expression\n",
        "expression('I have {int} {string}')",
        ["from expressions import expression", 'expression("the task {string} is {int} days late")'],
    ),
    "the project's own, with its kinds": (
        "from sentences import sentence\n",
        "sentence('I have {count:Number} {name:Text}')",
        ["from sentences import sentence", 'sentence("the task {task:Text} is {number:Number} days late")'],
    ),
    "a class that is imported": (
        "from pytest_bdd.parsers import cfparse\n",
        "cfparse('I have {count:d} \"{name}\"')",
        ["from pytest_bdd.parsers import cfparse", "cfparse('the task \"{task}\" is {number:d} days late')"],
    ),
    "regular expressions": (
        "from pytest_bdd import parsers as p\n",
        "p.re(r'I have (?P<count>\\d+) \"(?P<name>.*)\"')",
        [
            "from pytest_bdd import parsers as p",
            'p.re(r\'the task "(?P<task>[^"]*)" is (?P<number>-?\\d+) days late\')',
        ],
    ),
}


@pytest.mark.parametrize(("imported", "parser", "said"), STYLES.values(), ids=STYLES)
def test_the_parser_that_the_project_uses_most_is_used(
    project: Project, imported: str, parser: str, said: list[str]
) -> None:
    project.path.joinpath("sentences.py").write_text(SENTENCE, encoding="utf-8")
    project.path.joinpath("expressions.py").write_text(EXPRESSION, encoding="utf-8")
    project.settings("[pytest]\npythonpath = .\naddopts = --accord-docs=\n")
    project.steps(f"{imported}\n@given({parser})\nasync def _(count: int, name: str) -> None: ...\n")
    project.scenario('Given I have 3 "x"', 'Then the task "a" is 3 days late')
    code = code_in(project.run())
    for line in said:
        assert line in code
    project.more_steps(f"{imported}{code}")
    project.run("--dry-run").stdout.fnmatch_lines(["*none of them run: each step has a definition."])


class TestSnippets:
    """`--accord-snippets FILE`."""

    def test_the_block_is_written_to_a_new_file(self, due: Project) -> None:
        result = due.run("--accord-snippets", "steps/due.py")
        assert told(result) == ALL
        result.stdout.fnmatch_lines(["Step definitions to begin with are in steps/due.py."])
        result.stdout.no_fnmatch_line("*raise NotImplementedError*")
        written = due.path.joinpath("steps", "due.py").read_text(encoding="utf-8")
        assert written == f'"""Step definitions that are still to be written."""\n{CODE}'

    def test_what_a_conftest_has_for_itself_is_not_used_there(self, due: Project) -> None:
        due.more_steps("""
            def sentence(words):
                return parsers.parse(words)

            @given(sentence("{count:d} tasks"))
            @given(sentence("{count:d} people"))
            def _(count): ...
        """)
        due.run("--accord-snippets", "new.py")
        written = due.path.joinpath("new.py").read_text(encoding="utf-8")
        assert '@when(parsers.parse("I invite {number:d} people:"))' in written
        compile(written, "new.py", "exec")
        due.path.joinpath("new.py").unlink()
        assert '@when(sentence("I invite {number:d} people:"))' in code_in(due.run())

    @pytest.mark.parametrize("name", ["conftest.py", "it.feature", "."])
    def test_what_is_there_is_never_overwritten(self, due: Project, name: str) -> None:
        before = due.path.joinpath("conftest.py").read_bytes()
        result = due.run_process("--accord-snippets", name)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: --accord-snippets: {name} is there, and is not overwritten: *"])
        assert due.path.joinpath("conftest.py").read_bytes() == before

    def test_what_cannot_be_written_is_shown(self, due: Project) -> None:
        due.path.joinpath("file").write_text("")
        result = due.run("--accord-snippets", "file/new.py")
        result.stdout.fnmatch_lines(["*new.py cannot be written: *: name another file.", "*def a_calendar() -> None:"])
        assert result.ret == pytest.ExitCode.TESTS_FAILED

    def test_without_an_undefined_step_nothing_is_written(self, due: Project) -> None:
        due.more_steps(code_in(due.run()))
        result = due.run("--dry-run", "--accord-snippets", "new.py")
        result.stdout.fnmatch_lines(["new.py was not written: no step needs a definition."])
        assert not due.path.joinpath("new.py").exists()


def test_those_of_a_scenario_that_fails_before_them_are_told(due: Project) -> None:
    due.steps('@given("a calendar")\ndef _(): assert 0')
    assert 'it.feature:5: no step definition says: Given the task "Buy milk"' in told(due.run())[0]


def test_those_of_a_feature_that_a_module_binds_are_told(due: Project) -> None:
    due.pytester.makepyfile(test_due="from pytest_bdd import scenarios\nscenarios('it.feature')")
    result = due.run()
    assert told(result) == ALL
    result.stdout.fnmatch_lines(["*StepDefinitionNotFoundError: Step definition is not found: Given *a calendar*"])


@pytest.mark.usefixtures("publishing")
def test_the_document_has_the_definition_to_begin_with(due: Project) -> None:
    due.run()
    page = due.path.joinpath("living-docs", "index.html").read_text(encoding="utf-8")
    for name in ("a_calendar", "i_set_the_due_date_of_the_task_to", "the_note_is"):
        assert f"async def {name}(" in page
