"""A step's argument is what its annotation says: a date, one word of several, a row of a table, JSON."""

import pytest

from tests.helpers.project import Project

STEPS = """
    from dataclasses import dataclass
    from datetime import date
    from enum import Enum
    from typing import Literal

    from pydantic import BaseModel
    from typing_extensions import TypedDict

    class Level(Enum):
        LOW = "low"
        HIGH = "high"

    @dataclass
    class Row:
        title: str
        due_date: date
        is_done: bool = False

    class Cell(TypedDict):
        title: str
        count: int

    class Task(BaseModel):
        title: str
        count: int

    class Own:
        pass

    @given(parsers.parse("it is due on {day}"))
    async def due(day: date):
        assert day == date(2026, 3, 1)

    @given(parsers.parse("the state is {state}"))
    async def state(state: Literal["open", "done"]):
        assert state in ("open", "done")

    @given(parsers.parse("its level is {level}"))
    def level(level: Level):
        assert level is Level.HIGH

    @given(parsers.re(r"it counts (?P<count>\\w+)"))
    async def count(count: int | None):
        assert count == 3

    @given(parsers.parse("is it so? {answer}"))
    async def answer(answer: bool):
        assert answer is True

    @given("the tasks")
    async def tasks(datatable: list[Row]):
        assert datatable == [Row("Milk", date(2026, 3, 1), True), Row("Tea", date(2026, 3, 2))]

    @given("the cells")
    async def cells(datatable: list[Cell]):
        assert datatable == [{"title": "Milk", "count": 2}]

    @given("the task")
    async def task(datatable: Task):
        assert datatable == Task(title="Milk", count=2)

    @given("the raw table")
    async def raw(datatable: list[list[str]]):
        assert datatable == [["a"], ["1"]]

    @given("the JSON")
    async def json(docstring: Task):
        assert docstring.count == 2

    @given(parsers.parse("plain {text} and {number:d} and {own} and {odd}"))
    async def plain(text: str, number: float, own: Own, odd: "NoSuchThing"):
        assert (text, number, own, odd) == ("1", 2, "3", "4")

    @given(parsers.parse("made {word}"), converters={"word": str.upper})
    async def made(word: Literal["A"]):
        assert word == "A"

    @then("all is well")
    async def well():
        pass
"""


@pytest.fixture
def typed(project: Project) -> Project:
    project.steps(STEPS)
    return project


@pytest.mark.parametrize(
    "step",
    [
        "Given it is due on 2026-03-01",
        "Given the state is open",
        "Given its level is high",
        "Given it counts 3",
        "Given is it so? yes",
        "Given the tasks\n  | title | Due date | is done |\n  | Milk | 2026-03-01 | yes |\n  | Tea | 2026-03-02 | no |",
        "Given the cells\n  | title | count |\n  | Milk | 2 |",
        "Given the task\n  | title | Milk |\n  | count | 2 |",
        "Given the raw table\n  | a |\n  | 1 |",
        'Given the JSON\n  """\n  {"title": "Milk", "count": 2}\n  """',
        "Given plain 1 and 2 and 3 and 4",
        "Given made a",
    ],
)
def test_what_a_step_is_given_is_what_its_annotation_says(typed: Project, step: str) -> None:
    typed.scenario(*step.split("\n"), "Then all is well")
    typed.run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("Given it is due on Monday", '"Monday" cannot be the `day` of *: it should be a valid date*'),
        ("Given the state is opne", "\"opne\" cannot be the `state` of *: it should be 'open' or 'done'."),
        ("Given its level is lwo", "\"lwo\" cannot be the `level` of *: it should be 'low' or 'high'."),
        ("Given is it so? perhaps", '"perhaps" cannot be the `answer` of *: it should be a valid boolean*'),
        (
            "Given the cells\n  | title | count |\n  | Milk | two |",
            "the table cannot be the `datatable` of *: row 1, count: it should be a valid integer*",
        ),
        (
            "Given the cells\n  | title |\n  | Milk |",
            "the table cannot be the `datatable` of *: row 1, count: Field required.",
        ),
        ('Given the JSON\n  """\n  {"title": 1\n  """', "the text cannot be the `docstring` of *: Invalid JSON: *"),
    ],
)
def test_what_it_cannot_be_is_said_in_a_line(typed: Project, step: str, reason: str) -> None:
    typed.scenario(*step.split("\n"), "Then all is well")
    sentence = step.split("\n")[0]
    result = typed.run()
    result.stdout.fnmatch_lines([f"it.feature:3: {sentence.replace('?', '[?]')}: {reason}"])
    assert "Traceback" not in result.stdout.str()
    assert "pydantic" not in result.stdout.str()


def test_a_scenario_that_a_module_binds_has_the_text_as_with_pytest_bdd(typed: Project) -> None:
    typed.scenario("Given it is 5", "Then all is well")
    typed.steps(
        "@given(parsers.parse('it is {n}'))\ndef _(n: int): assert n == '5'\n@then('all is well')\ndef _(): ..."
    )
    typed.path.joinpath("test_it.py").write_text("from pytest_bdd import scenarios\nscenarios('it.feature')")
    typed.run().assert_outcomes(passed=1)
