"""What a step function is not given is named with the function, with what its sentence gives, and what may be meant."""

from textwrap import dedent

import pytest

from tests.helpers.project import IMPORTS, Project

STEPS = """
    @given(parsers.parse('the task "{title}" is due on {day}'))
    async def due(db_sesion, day):
        pass

    @when(parsers.parse('I open "{title}"'))
    async def open_task(titel):
        pass

    @when(parsers.re(r"I skip (?P<count>[0-9]+)"))
    def skip(conut):
        pass

    @when("I ask", target_fixture="answer")
    async def ask():
        pass

    @when("I ask again", target_fixture="answer")
    async def ask_again():
        pass

    @then("it is gone")
    async def gone(answer):
        pass

    @when("the tasks are")
    async def tasks(datatable):
        pass

    @when("I say")
    async def say(docstring):
        pass

    @pytest.fixture
    def browser(clinet):
        pass

    @when("I look")
    async def look(browser):
        pass

    def to_number(text):
        return int(text)

    @when(parsers.parse("it costs {price}"), converters={"price": to_number})
    async def cost(price):
        pass

    @when(parsers.parse("it weighs {weight}"), converters={"weight": float})
    async def weigh(weight):
        pass

    @then("all is well")
    async def well():
        pass
"""
NONE = "and there is no fixture of that name, and the sentence gives"


def line_of(text: str) -> int:
    """The line of the conftest in which it stands."""
    lines = (IMPORTS + dedent(STEPS)).split("\n")
    return next(number for number, line in enumerate(lines, 1) if line.startswith(text))


@pytest.fixture
def suite(project: Project) -> Project:
    project.steps(STEPS)
    return project


@pytest.mark.parametrize(
    ("sentence", "at", "expected"),
    [
        (
            'Given the task "Milk" is due on Monday',
            "async def due",
            f"has an argument `db_sesion`, {NONE} `title`, `day`: did you mean `db_session`?",
        ),
        (
            'When I open "Milk"',
            "async def open_task",
            f"has an argument `titel`, {NONE} `title`: did you *?",
        ),
        ("When I skip 2", "def skip", f"has an argument `conut`, {NONE} `count`: did you mean `count`?"),
        ("When the tasks are", "async def tasks", "takes a table under the step: write it there, *`datatable`."),
        ("When I say", "async def say", 'takes a text between lines of """ under the step: *`docstring`.'),
    ],
)
def test_an_argument_that_nothing_gives_is_named(suite: Project, sentence: str, at: str, expected: str) -> None:
    suite.scenario(sentence, "Then all is well")
    place = f"its step definition (conftest.py:{line_of(at) - 1})"
    suite.run().stdout.fnmatch_lines([f"it.feature:3: {sentence}: {place} {expected}"])


def test_what_a_step_before_would_give_is_named_with_these_steps(suite: Project) -> None:
    suite.scenario("Then it is gone")
    ask, again = line_of("async def ask(") - 1, line_of("async def ask_again") - 1
    suite.run().stdout.fnmatch_lines(
        [
            f"it.feature:3: Then it is gone: * needs `answer`, which `I ask` (conftest.py:{ask}) or "
            f"`I ask again` (conftest.py:{again}) gives, and no such step stands before it."
        ]
    )
    suite.scenario("When I ask", "Then it is gone")
    suite.run().assert_outcomes(passed=1)


def test_a_fixture_with_an_argument_that_is_none_is_named(suite: Project) -> None:
    suite.scenario("When I look", "Then all is well")
    place = f"conftest.py:{line_of('def browser') - 1}"
    suite.run().stdout.fnmatch_lines(
        [
            f"it.feature:3: When I look: the fixture `browser` ({place}), which it uses, has an argument `clinet`, "
            "and there is no fixture of that name: did you mean `client`?"
        ]
    )


def test_a_value_that_cannot_be_converted_is_one_line(suite: Project) -> None:
    suite.scenario("When it costs much", "Then all is well")
    cost, number = line_of("async def cost") - 1, line_of("def to_number") + 1
    why = "ValueError: invalid literal for int() with base 10: 'much'"
    result = suite.run()
    result.stdout.fnmatch_lines(
        [
            'it.feature:3: When it costs much: "much" cannot be the `price` of its step definition '
            f"(conftest.py:{cost}): {why} (conftest.py:{number}): correct the sentence, or what converts it."
        ]
    )
    assert "def to_number" not in result.stdout.str()
    suite.scenario("When it weighs little", "Then all is well")
    why = "ValueError: could not convert string to float: 'little'"
    suite.run().stdout.fnmatch_lines([f'*: "little" cannot be the `weight` of *: {why}: correct the sentence, *'])


def test_a_scenario_that_a_module_binds_fails_as_with_pytest_bdd(suite: Project) -> None:
    suite.scenario('When I open "Milk"', "Then all is well")
    suite.path.joinpath("test_it.py").write_text("from pytest_bdd import scenarios\nscenarios('it.feature')")
    suite.run().stdout.fnmatch_lines(
        [
            "E*fixture 'titel' not found",
            ">*it.feature:3: *: its step definition (conftest.py:*) has an argument `titel`, *: did you mean `title`?",
        ]
    )


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("get().status", "get"),
        ("get()['x']", "get"),
        ("assert get() == 1", "get"),
        ("answer = get(); answer.status", "get"),
        ("[1 for _ in get()]", "get"),
        ("await helper()", "get"),
    ],
)
def test_what_fails_on_a_coroutine_names_the_call_that_lacks_an_await(project: Project, code: str, call: str) -> None:
    project.steps(
        f"""
        async def get():
            pass

        async def helper():
            return get().status

        @when("I ask")
        async def ask():
            {code}

        @then("all is well")
        async def well():
            pass
        """
    )
    project.scenario("When I ask", "Then all is well")
    sentence = f"E*The step `When I ask` (it.feature:3) never awaits {call}, called at conftest.py:*: write `await` *"
    project.run().stdout.fnmatch_lines([sentence])


def test_a_value_in_the_place_of_a_fixture_is_told_where_it_breaks_the_step(project: Project) -> None:
    project.steps("""
        @pytest.fixture
        def pen():
            return ["ink"]

        @given(parsers.parse("the pen {pen}"))
        def _(pen):
            pen.append("more ink")

        @then("it writes")
        def _(pen):
            pen.write()
    """)
    project.scenario("Given the pen of Anna", "Then it writes")
    said = "E*`pen` of the step definition (conftest.py:14) is what the sentence says, not the fixture: *"
    result = project.run()
    result.stdout.fnmatch_lines(["E*AttributeError: 'str' object has no attribute 'append'", said])
    project.scenario("Then it writes")
    assert "not the fixture" not in project.run().stdout.str()
