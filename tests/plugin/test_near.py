"""An undefined step names the nearest definition, and by what alone it differs; nothing where none is near."""

import pytest

from tests.helpers.project import Project

STEPS = """
    from datetime import datetime

    from parse import with_pattern


    @with_pattern(r'"[^"]*"')
    def text(words):
        return words[1:-1]


    @with_pattern("open|completed|in progress")
    def state(words):
        return words


    @with_pattern("[0-9]{2}:[0-9]{2} on [1-9][0-9]? [A-Z][a-z]+ [0-9]{4}")
    def moment(words):
        return datetime.strptime(words, "%H:%M on %d %B %Y")


    def sentence(words):
        return parsers.parse(words, extra_types={"Text": text, "State": state, "Moment": moment}, case_sensitive=True)


    @given(sentence("the task {title:Text}"))
    @given(sentence("the task {title:Text} described as {description:Text}"))
    @when(sentence("I create the task {title:Text}"))
    @when(sentence("I complete the task {title:Text}"))
    @then(sentence("the task {title:Text} is {state:State}"))
    @then(sentence("the task {title:Text} was completed at {moment:Moment}"))
    @then("I see this task:")
    @then("the list is empty")
    @when(parsers.parse('I add {count:d} items to "{name}"'))
    @when(parsers.parse('I call it "{name}"'))
    @then(parsers.parse("it is due on {day:%d %B %Y}"))
    @then(parsers.parse("it costs {price:g} in all"))
    @then(parsers.re(r"the basket has (?P<count>\\d+) (?P<fruit>apples|pears)"))
    @then(parsers.cfparse("these are {states:State+}", extra_types={"State": state}))
    @then(parsers.re("(?P<what>.*) is too (?P<how>dear|cheap)"))
    @given('a user "{name}"')
    @given("an <old> style")
    @when("I sign in")
    @step("anything at all goes")
    def _(): ...
"""
OF_TASK = "`I create the task {title:Text}` (conftest.py:*) only by"
OF_STATE = "`the task {title:Text} is {state:State}` (conftest.py:*) only by"
LISTED = "which is not one of `open`, `completed`, `in progress`"
# A sentence, and what is said of it. Those with a mark are still told with a definition to paste.
NEAR = {
    'When I craete the task "x"': f"{OF_TASK} `craete`, which is `create` there",
    'When I create the tasks "x"': f"{OF_TASK} `tasks`, which is `task` there",
    'When I createthe task "x"': f"{OF_TASK} `createthe`, which is `create the` there",
    "When I sign inn": "`I sign in` (*) only by `inn`, which is `in` there",
    'When I cre ate the task "x"': f"{OF_TASK} `cre ate`, which is `create` there",
    "When I signin": "`I sign in` (*) only by `signin`, which is `sign in` there",
    "When I sing in": "`I sign in` (*) only by `sing`, which is `sign` there",
    "When I create the task Buy milk": f"{OF_TASK} the quotes around `Buy milk`, which are missing",
    'When I create the task "Buy milk': f"{OF_TASK} a quote, which is missing",
    "When I create the task 'Buy milk'": f"{OF_TASK} single quotes, which are double there",
    "When I create the task \u201cx\u201d": f"{OF_TASK} quotes or dashes of another kind",
    "When I call it Bob": '`I call it "{name}"` (*) only by the quotes around `Bob`, which are missing',
    'When I create the task "x".': f"{OF_TASK} the `.` at its end, which is not there",
    "Then I see this task": "`I see this task:` (*) only by the `:` at its end, which is missing",
    "Then I see this task.": "`I see this task:` (*) only by the `.` at its end, which is `:` there",
    'Given I create the task "x"': f"{OF_TASK} its keyword, which is When there",
    'Given I craete the task "x"': f"{OF_TASK} its keyword, which is When there, and by `craete`, which is `create` *",
    'When i create the task "x"': f"{OF_TASK} `i`, which is `I` there",
    'When I create\u00a0the  tsak "x"': f"{OF_TASK} a space of another kind (U+00A0), and by *, and by `tsak`*",
    'When I create task "x"': f"{OF_TASK} the word `the`, which is missing",
    'When I create the the task "x"': f"{OF_TASK} the word `the`, which is not there",
    '? When I create a task "x"': f"{OF_TASK} `a`, which is `the` there",
    'Then the task "x" is opne': f"{OF_STATE} `opne`, {LISTED} (`open`?)",
    'Then the task "x" is Open': f"{OF_STATE} `Open`, {LISTED} (`open`?)",
    'Then the task "x" is "open"': f"{OF_STATE} the quotes around `open`, which are not there",
    '? Then the task "x" is archived': f"{OF_STATE} `archived`, {LISTED}",
    'Then the task "x" was completed at 09:30 on 31 February 2026': (
        "`the task * was completed at {moment:Moment}` (*) only by `09:30 on 31 February 2026`, "
        "which `{moment:Moment}` does not take: day is out of range for month"
    ),
    'Then the task "x" was completed at 9:30 on 1 March 2026': (
        "*only by `9:30 on 1 March 2026`, which is not written as `{moment:Moment}` has it: `*`"
    ),
    "Then it is due on 31 February 2026": "*only by `31 February 2026`, which is not a date as `{day:%d %B %Y}` has it",
    "Then it is due on 1 Mrach 2026": "*only by `1 Mrach 2026`, which is not a date as `{day:%d %B %Y}` has it",
    "? Then it is due on tomorrow": "*only by `tomorrow`, which is not a date as `{day:%d %B %Y}` has it",
    'When I add three items to "a"': "*only by `three`, which is not a whole number, as `{count:d}` is",
    'When I add 2.5 items to "a"': "*only by `2.5`, which is not a whole number, as `{count:d}` is",
    'When I add 1 item to "a"': "*only by `item`, which is `items` there",
    "When I add 3 items to a": "*only by the quotes around `a`, which are missing",
    "Then it costs 3,50 in all": "*only by `3,50`, which is not a number, as `{price:g}` is",
    "Then the basket has 3 aples": "*only by `aples`, which is not one of `apples`, `pears` (`apples`?)",
    "Then the basket has three pears": "*only by `three`, which is not a whole number, as `(?P<count>\\d+)` is",
    "Then the baskte has 3 pears": "*only by `baskte`, which is `basket` there",
    'When I create the task "x" # as ever': f"{OF_TASK} `# as ever`, which is a part of the sentence",
    'When I create the task \\"x\\"': f"{OF_TASK} the backslashes before quotes",
    'When When I create the task "x"': f"{OF_TASK} the word `When`, which is not there",
    "Then it is due on 2026-03-01": "*only by `2026-03-01`, which is not a date as `{day:%d %B %Y}` has it",
    'When I add 1,000 items to "a"': "*only by `1,000`, which is not a whole number, as `{count:d}` is",
    "Then a whole lot of things is too deer": "*only by `deer`, which is not one of `dear`, `cheap` (`dear`?)",
    "Then anythng at all goes": "*only by `anythng`, which is `anything` there",
}
ANOTHER = [
    'Then the task "x" is due on 1 March 2026',
    'When I delete the task "x"',
    "When I create the task 3 times",
    'When I uncomplete the task "x"',
    'When I create the task "x" with 3 reminders',
    'Given the task "x" was completed',
    "When I sign out",
    "When I log in",
    "Then the list is full",
    "Then the list is not empty",
    "Then it costs nothing",
    'When I add items to "a"',
    "When I go home",
    "Then these are a b",
    "Then a",
    'Then ""',
]


@pytest.fixture
def near(project: Project) -> Project:
    project.steps(STEPS)
    return project


def _said(project: Project, sentences: list[str]) -> dict[str, str]:
    project.scenario(*sentences)
    lines = project.run("--dry-run").outlines
    step = "no step definition says: "
    return dict(line.partition(step)[2].partition(": it differs from ")[::2] for line in lines if step in line)


def test_it_says_by_what_alone_it_differs(near: Project) -> None:
    said = _said(near, [sentence.removeprefix("? ") for sentence in NEAR])
    lines = pytest.LineMatcher([said.get(sentence.removeprefix("? "), "") for sentence in NEAR])
    lines.fnmatch_lines(
        [pattern.replace("[", "[[]").replace("?", "[?]") for pattern in NEAR.values()], consecutive=True
    )


def test_what_is_another_sentence_is_near_to_none(near: Project) -> None:
    assert _said(near, ANOTHER) == dict.fromkeys(ANOTHER, "")


def test_what_may_be_a_sentence_of_its_own_is_told_with_a_definition_and_a_mistake_is_not(near: Project) -> None:
    near.scenario('Then the task "x" is archived', 'Then the task "x" is opne')
    near.run("--dry-run").stdout.fnmatch_lines(
        [
            "Step definitions to begin with:",
            '@then(sentence("the task {task:Text} is archived"))',
            "async def the_task_is_archived(task) -> None:",
            "    raise NotImplementedError",
            "",
            "=*",
        ]
    )


def test_a_date_that_is_none_is_told_where_no_sentence_is_near(near: Project) -> None:
    near.scenario("Given a sale ends on 31 February 2026", "And version 31/31/2026 of 99:99", "Then it is over")
    result = near.run("--dry-run")
    result.stdout.fnmatch_lines(["it.feature:3: *2026: `31 February 2026` is not a date: correct it"])
    result.stdout.no_fnmatch_line("*def a_sale_ends_on*")
    result.stdout.fnmatch_lines(["async def version_of(word: str, word_2: str) -> None:"])


def test_a_definition_of_a_small_word_and_a_number_is_near_to_numbers_alone(project: Project) -> None:
    project.steps('@given(parsers.parse("a {count:d}"))\ndef _(count): ...')
    project.scenario("Given a pen", "And a three", "Then it is")
    result = project.run("--dry-run")
    result.stdout.fnmatch_lines(["it.feature:3: *: Given a pen", "it.feature:4: *only by `three`, which is not a*"])


def test_a_definition_without_a_word_is_near_to_nothing(project: Project) -> None:
    project.steps('@when(parsers.parse("{a} {b}"))\ndef _(a, b): ...\n@then(parsers.parse("{}"))\ndef _(): ...')
    project.scenario("Given I look", "When I", "Then I see")
    project.run("--dry-run").stdout.no_fnmatch_line("*it differs from*")


def test_a_sentence_that_was_meant_for_a_parser_says_so(near: Project) -> None:
    near.scenario('Given a user "Bob"', "Given an easy style", "Then anything at all goes")
    near.run("--dry-run").stdout.fnmatch_lines(
        [
            'it.feature:3: *`a user "{name}"` (conftest.py:*) says it once it is read by a parser: write *parse*',
            "it.feature:4: *`an <old> style` (conftest.py:*) says it once it is `parsers.parse(...)`, with braces in *",
        ]
    )


def test_a_scenario_that_a_module_binds_says_it_too(near: Project) -> None:
    near.scenario('When I create\u00a0the task "x"', "When I signin")
    near.pytester.makepyfile(test_it="from pytest_bdd import scenarios\nscenarios('it.feature')")
    near.run().stdout.fnmatch_lines(
        [
            "E * pytest_bdd.exceptions.StepDefinitionNotFoundError: Step definition is not found: *",
            "    it differs from `I create the task {title:Text}` (conftest.py:*) only by a space of another kind *",
            "it.feature:4: *only by `signin`, which is `sign in` there",
        ]
    )


def test_a_parser_of_the_projects_own_is_tried_as_it_is(project: Project) -> None:
    project.steps("""
        from dataclasses import dataclass

        from pytest_bdd.parsers import StepParser

        @dataclass
        class Shouted(StepParser):
            name: str

            def is_matching(self, name):
                if "explode" in name:
                    raise RuntimeError(name)
                return name == self.name

            def parse_arguments(self, name):
                return {}

        @given(Shouted("I call you"))
        def _(): ...
    """)
    project.scenario("Given I clal you", "Then I look")
    project.run().stdout.fnmatch_lines(["it.feature:3: *differs from `I call you` (*) only by `clal`, which is *"])


def test_what_a_parser_of_the_projects_own_makes_of_a_simpler_sentence_is_told(project: Project) -> None:
    project.steps("""
        from parse import with_pattern

        @with_pattern("open|completed")
        def state(words):
            return words

        def parse(words):
            parser = parsers.parse(words.replace("{state}", "{state:State}"), extra_types={"State": state})
            parser.name = words
            return parser

        @then(parse("it is {state}"))
        def _(): ...
    """)
    project.scenario("Then it is opne")
    project.run().stdout.fnmatch_lines(
        ["*differs from `it is {state}` (*) only by `opne`, which is not one of `open`, `completed` (`open`?)*"]
    )


def test_a_sentence_with_a_table_is_not_near_to_one_that_takes_none(near: Project) -> None:
    near.more_steps("""
        @then(sentence("I see {title:Text}"))
        def _(title): ...
    """)
    near.feature(
        'Feature: It\n  Scenario: One\n    Then I see tasks:\n      | task |\n    And I se "x"\n      | task |\n'
    )
    result = near.run("--dry-run")
    result.stdout.fnmatch_lines(
        [
            "it.feature:3: no step definition says: Then I see tasks:",
            'it.feature:5: no step definition says: And I se "x": * only by `se`, which is `see` there',
            '@then("I see tasks:")',
        ]
    )


def test_a_step_that_ends_in_a_colon_is_told_with_one(near: Project) -> None:
    near.scenario("Then I see this tsak:")
    near.run("--dry-run").stdout.fnmatch_lines(["it.feature:3: no step definition says: Then I see this tsak: it *"])
