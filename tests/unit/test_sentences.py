"""The sentences of this repository's features: each has one definition, and one with a slip in it has none."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler

from accord.compat.pytest_bdd import kinds_of
from accord.steps.definitions import DEFINITIONS
from accord.steps.patterns import pattern_of
from steps.tasks import TaskList, assert_task_shown

ROOT = Path(__file__).parents[2]
FEATURES, STEPS = ROOT / "features", ROOT / "steps"
Find = Callable[[str, str], Sequence[object]]
KINDS = {"Context": "given", "Action": "when", "Outcome": "then"}


def written() -> Iterator[tuple[str, str]]:
    """The kind and the words of each step, of every example."""
    for path in sorted(FEATURES.rglob("*.feature")):
        document = Parser().parse(path.read_text(encoding="utf-8"))
        for pickle in Compiler().compile({**document, "uri": path.name}):
            for step in pickle["steps"]:
                yield KINDS[step["type"]], step["text"]


WRITTEN = sorted(set(written()))
# What is quoted is free, so that one text does for all.
SENTENCES = sorted({re.sub('"[^"]*"', '""', text) for _kind, text in WRITTEN})


def letters(text: str) -> Iterator[int]:
    return (at for at, letter in enumerate(text) if letter.isalpha())


def gaps(text: str) -> Iterator[int]:
    return (at for at, letter in enumerate(text) if letter == " ")


SLIPS: dict[str, Callable[[str], Iterator[str]]] = {
    "another letter": lambda it: (f"{it[:at]}{chr(ord(it[at]) + 1)}{it[at + 1 :]}" for at in letters(it)),
    "a letter too few": lambda it: (f"{it[:at]}{it[at + 1 :]}" for at in letters(it)),
    "a letter too many": lambda it: (f"{it[:at]}{it[at]}{it[at:]}" for at in letters(it)),
    "a capital, or none": lambda it: (f"{it[:at]}{it[at].swapcase()}{it[at + 1 :]}" for at in letters(it)),
    "a space too few": lambda it: (f"{it[:at]}{it[at + 1 :]}" for at in gaps(it)),
    "a space too many": lambda it: (f"{it[:at]} {it[at:]}" for at in gaps(it)),
    "a word too many": lambda it: (f"{it[:at]} not{it[at:]}" for at in [*gaps(it), len(it)]),
    "a full stop": lambda it: iter([f"{it}."]),
}
OTHER_WORDS = [
    'the task "Buy milk" is opne',
    'the task "Buy milk" is created',
    'the task "Buy milk" was changed',
    'the task "Buy milk" was opened at 09:30 on 1 March 2026',
    'I change the colour of the task "Buy milk" to "blue"',
    'I change the task "Buy milk" to one without a title',
    "I look at the first tasks",
    "I look at the late tasks",
    "I am told that the title",
    "I am told that the colour is missing",
    "mail is dwon",
    "mail",
    "others",
    '"alice" signs in with the right password in italics',
]
OTHER_NUMBERS = [
    *["-1 tasks", "+1 tasks", "0x10 tasks", "0b1 tasks", "1 tasks", "2 task", "007 tasks", "1.5 tasks", "1_000 tasks"],
    *["٣ tasks", "two tasks", " tasks", "1e3 tasks"],
    "I create a task with a title of -1 characters",
    "I create a task with a title of 1 characters",
    "I create a task with a title of 201 character",
    "I look at the first 1 tasks",
    "I look at the first -0 tasks",
    "I look at the first 0x10 tasks",
]
OTHER_TIMES = [
    *["it is 9:30 on 1 March 2026", "it is 24:00 on 1 March 2026", "it is 09:60 on 1 March 2026"],
    *["it is 09:30 on 01 March 2026", "it is 09:30 on 0 March 2026", "it is 09:30 on 31 February 2026"],
    *["it is 09:30 on 1 Mar 2026", "it is 09:30 on 1 march 2026", "it is 09:30 on 1 March 26"],
    *["it is ٠٩:30 on 1 March 2026", "it is 09:30", "it is now"],
]
NO_QUOTES = [
    *["the tasks nothing", "the task Buy milk", "I see Buy milk", "I create the task 'Buy milk'", "the tasks"],
    *['the task "Buy milk', 'the task "Buy" milk"', "alice has an account"],
]
TASK = {
    "id": 7,
    "title": "Buy milk",
    "description": "Two bottles",
    "completed": False,
    "created_at": "2026-03-01T10:30:00+01:00",
    "completed_at": None,
}
COLUMNS = ["title", "described as", "state", "created"]
ROW = ["Buy milk", "Two bottles", "open", "09:30 on 1 March 2026"]
OTHER_TABLES = {
    "another word": [COLUMNS, [*ROW[:2], "opne", ROW[3]]],
    "another time": [COLUMNS, [*ROW[:3], "09:31 on 1 March 2026"]],
    "another column": [["titel", *COLUMNS[1:]], ROW],
    "a column too few": [COLUMNS[1:], ROW[1:]],
    "a column too many": [[*COLUMNS, "colour"], [*ROW, "blue"]],
    "a row too many": [COLUMNS, ROW, ROW],
    "no row": [COLUMNS],
}


@pytest.fixture
def find(request: pytest.FixtureRequest) -> Find:
    """What finds the step definitions of this repository that say a sentence of this kind."""
    definitions = request.config.stash[DEFINITIONS]
    return lambda kind, text: definitions.matching(kind, text, request.node)


def test_every_sentence_has_one_definition(find: Find) -> None:
    assert {(kind, text): len(find(kind, text)) for kind, text in WRITTEN} == dict.fromkeys(WRITTEN, 1)
    assert len(SENTENCES) > 100


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_sentence_with_a_slip_in_it_is_undefined(find: Find, slip: Callable[[str], Iterator[str]]) -> None:
    # With a letter less, `the tasks "Buy milk, Call Anna"` is another sentence.
    slips = {text for right in SENTENCES for text in slip(right)} - set(SENTENCES)
    assert len(slips) >= len(SENTENCES)
    assert [text for text in sorted(slips) for kind in KINDS.values() if find(kind, text)] == []


@pytest.mark.parametrize("text", [*OTHER_WORDS, *OTHER_NUMBERS, *OTHER_TIMES, *NO_QUOTES])
def test_a_sentence_with_another_word_number_or_time_is_undefined(find: Find, text: str) -> None:
    assert [definition for kind in KINDS.values() for definition in find(kind, text)] == []


def test_no_definition_takes_any_word(request: pytest.FixtureRequest) -> None:
    definitions = request.config.stash[DEFINITIONS].visible_to([request.node])
    own = [it.parser for it in definitions if it.function.__module__.startswith("steps.")]
    fields = [
        (it.name, field.source) for it in own for field in pattern_of(it).fields if field.kind not in kinds_of(it)
    ]
    assert len(own) > 50
    assert fields == []


def test_every_definition_is_a_named_function_with_its_sentence_as_a_literal_for_editors(
    request: pytest.FixtureRequest,
) -> None:
    found = []
    for path in sorted(STEPS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                literals = [
                    literal_in(it) for it in node.decorator_list if ast.unparse(it).startswith(tuple(KINDS.values()))
                ]
                found += literals
                assert not literals or len(node.name.strip("_")) > 1, f"{path.name}: {node.name}"
    definitions = request.config.stash[DEFINITIONS].visible_to([request.node])
    own = [it.parser.name for it in definitions if it.function.__module__.startswith("steps.")]
    assert sorted(found) == sorted(own)


def literal_in(decorator: ast.expr) -> str:
    """The sentence of a step: a string literal, or that which is given to `parsers.parse`, on one line."""
    match decorator:
        case ast.Call(args=[ast.Constant(value=str(sentence)) as literal]):
            pass
        case ast.Call(
            args=[
                ast.Call(
                    func=ast.Attribute(ast.Name("parsers"), "parse"),
                    args=[ast.Constant(value=str(sentence)) as literal],
                )
            ]
        ):
            pass
        case _:
            raise AssertionError(f"no editor sees the sentence of {ast.unparse(decorator)}")
    assert literal.lineno == literal.end_lineno, f"no editor sees all of {sentence}"
    return sentence


@pytest.mark.parametrize("table", OTHER_TABLES.values(), ids=OTHER_TABLES)
async def test_a_table_that_says_something_else_fails(table: list[list[str]]) -> None:
    service = httpx.MockTransport(lambda it: httpx.Response(201 if it.method == "POST" else 200, json=TASK))
    async with httpx.AsyncClient(transport=service, base_url="http://test") as client:
        tasks = TaskList(client)
        await tasks.create(json={"title": "Buy milk"})
        response = await client.get("/tasks/7")
    await assert_task_shown(response, tasks, [COLUMNS, ROW])
    with pytest.raises(AssertionError, match="the task shows something else"):
        await assert_task_shown(response, tasks, table)
