"""A step definition in words, by its pattern and by the steps that it is used for."""

import pytest

from accord.catalogue.sentences import Argument, Sentence, Use, as_json, from_json, gap_names, in_words

PATTERNS = {
    "no gap": ("I look", False, "I look", []),
    "gaps of parse": ('the task "{title}" has {count:d} steps', False, 'the task "…" has … steps', ["title", "count"]),
    "a kind of its own": ("the task {title:Text}", False, "the task …", ["title"]),
    "gaps without a name": ("{} of {:d}", False, "… of …", ["1", "2"]),
    "brackets that are text": ("a {{brace}}", False, "a {brace}", []),
    "a brace alone": ("a { brace", False, "a { brace", []),
    "a Cucumber expression": ("I have {int} cucumber(s)", False, "I have … cucumber(s)", ["int"]),
    "two gaps of one name": ("{int} of {int}", False, "… of …", ["int 1", "int 2"]),
    "a regular expression": (r"^I have (?P<count>\d+) \"(.*)\"$", True, 'I have … "…"', ["count", "2"]),
    "words of which one is said": (r"there (?:is|are) (\d+)", True, "there is|are …", ["1"]),
    "a group in a group": (r"I have ((\d+) eggs)\.", True, "I have ….", ["1", "2"]),
    "an expression of another language": (r"I have (?<count>\d+", True, None, []),
}


@pytest.mark.parametrize(("pattern", "is_regex", "words", "names"), PATTERNS.values(), ids=PATTERNS)
def test_a_pattern_without_a_use_is_read(pattern: str, is_regex: bool, words: str | None, names: list[str]) -> None:
    assert words in (None, in_words(pattern, is_regex=is_regex))
    assert gap_names(pattern, is_regex=is_regex) == names


USES: dict[str, tuple[str, str, list[Argument], str]] = {
    "quotes that are part of the gap": (
        "the task {title:Text}",
        'the task "Buy milk"',
        [(9, '"Buy milk"')],
        'the task "…"',
    ),
    "quotes around the gap": ('the task "{title}"', 'the task "Buy milk"', [(10, "Buy milk")], 'the task "…"'),
    "quotes of another language": ("Aufgabe {it:Text}", "Aufgabe „Milch“", [(8, "„Milch“")], "Aufgabe „…“"),
    "nothing in the gap": ('the task "{title}"', 'the task ""', [(10, "")], 'the task "…"'),
    "a gap in another": (r"I have ((\d+) eggs)", "I have 3 eggs", [(7, "3 eggs"), (7, "3")], "I have …"),
    "a part that is not there": (r"I look(?: at (\w+))?", "I look", [(None, None)], "I look"),
    "a parser that does not say where": ("own", "I have 3 eggs", [(None, "3")], "I have … eggs"),
    "one that has it twice": ("own", "3 of 3", [(None, "3")], "3 of 3"),
}


@pytest.mark.parametrize(("pattern", "text", "arguments", "words"), USES.values(), ids=USES)
def test_the_first_step_that_it_is_used_for_shows_its_gaps(
    pattern: str, text: str, arguments: list[Argument], words: str
) -> None:
    sentence = Sentence(pattern, "steps.py:1", is_regex="(" in pattern)
    sentence.use("given", "features", Use("Given", text), arguments)
    assert sentence.words == words


def test_each_text_of_a_gap_is_there_once_in_the_order_of_the_features() -> None:
    sentence = Sentence("the task {title} is {state}", "steps.py:1")
    for title, state in (("a", "open"), ("b", "open"), ("a", "done"), ("b", "open")):
        text = f"the task {title} is {state}"
        sentence.use("then", "features", Use("Then", text), [(9, title), (14, state)])
    assert {name: list(values) for name, values in sentence.gaps.items()} == {
        "title": ["a", "b"],
        "state": ["open", "done"],
    }
    assert (sentence.uses, sentence.folders["features"]) == (4, 4)
    assert from_json(as_json(sentence)) == sentence


def test_a_sentence_of_any_kind_stands_under_the_kind_that_it_is_used_as() -> None:
    sentence = Sentence("I look", "steps.py:1")
    assert sentence.heading == "Any"
    sentence.use("when", "", Use("When", "I look"), [])
    assert sentence.heading == "When"
    sentence.use("then", "", Use("Then", "I look"), [])
    assert sentence.heading == "Any"
