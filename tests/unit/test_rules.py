"""What Gherkin passes over without a word is found, and prose is left alone."""

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from textwrap import dedent

import pytest
from gherkin.dialect import DIALECTS

from accord.compat.pytest_bdd import syntax_error
from accord.gherkin.document import Document, read
from accord.gherkin.rules.catalogue import NOT_READABLE, OF_CHECK, RULES
from accord.gherkin.rules.descriptions import misspelt_keyword, step_outside_scenario
from accord.gherkin.rules.fault import Finding
from accord.gherkin.rules.keywords import Keywords
from accord.gherkin.rules.outlines import duplicate_column, headerless_examples, unknown_placeholder
from accord.gherkin.rules.syntax import syntax_fault


@pytest.fixture
def document(tmp_path: Path) -> Callable[[str], Document]:
    """Read a feature file of this text."""

    def of(text: str) -> Document:
        file = tmp_path / "it.feature"
        file.write_text(dedent(text).removeprefix("\n"), encoding="utf-8")
        return read(file, "it.feature")

    return of


def lines(found: Iterator[Finding]) -> list[int]:
    return [line for line, *_others in found]


MISSPELT = [
    *["Gven a pen", "Givne a pen", "Givven a pen", "Gievn a pen", "given a pen", "GIVEN a pen", "Given: a pen"],
    *["Whn I look", "Wehn I look", "when I look", "Tehn it is", "Thne it is", "THEN it is", "Adn a cup", "AND a cup"],
    *["Wen I look", "wen I look", "Than it is", "Them it is"],
    *[
        "Andd a cup",
        "Btu no cup",
        "but no cup",
        "Given\ta pen",
        "Given\u00a0a pen",
        "\u200bGiven a pen",
    ],
]


@pytest.mark.parametrize("sentence", MISSPELT)
@pytest.mark.parametrize("below", ["Scenario: One", "Background:"])
def test_a_misspelt_step_is_found(document: Callable[[str], Document], sentence: str, below: str) -> None:
    text = f"Feature: It\n  {below}\n    {sentence}\n    When I look\n  Scenario: Two\n    Then it is\n"
    assert lines(misspelt_keyword(document(text))) == [3]


def test_several_misspelt_steps_in_a_row_are_all_found(document: Callable[[str], Document]) -> None:
    text = "Feature: It\n  Scenario: One\n    Gven a pen\n    Wen I look\n    Than it is\n    And so on\n"
    assert lines(misspelt_keyword(document(text))) == [3, 4, 5]


@pytest.mark.parametrize(
    ("language", "line"), [("en", "than it was"), ("en", "them all"), ("de", "Wen es angeht"), ("de", "wen es angeht")]
)
def test_a_word_of_the_language_that_is_like_a_keyword_is_left_alone(
    document: Callable[[str], Document], language: str, line: str
) -> None:
    then = {"en": "Then", "de": "Dann"}[language]
    text = f"# language: {language}\nFeature: It\n  Scenario: One\n    {line}\n    {then} it is\n"
    if language == "de":
        text = text.replace("Feature", "Funktion").replace("Scenario", "Szenario")
    assert lines(misspelt_keyword(document(text))) == []


@pytest.mark.parametrize("under", ["| red |", '"""\n    red\n    """'])
def test_a_misspelt_step_with_something_under_it_is_found(document: Callable[[str], Document], under: str) -> None:
    text = f"Feature: It\n  Scenario: One\n    Gven these\n    {under}\n    Then it is\n"
    assert lines(misspelt_keyword(document(text))) == [3]


TITLES = [
    *["Backgroud:", "background:", "BACKGROUND:", "Background", "Backround:", "Scenaro: Two", "Scenario Two"],
    *["Scenario : Two", "scenario: Two", "Scnario Outline: Two", "Scenario outline: Two", "Scenario-Outline: Two"],
    *["Secnario: Two", "Exmaple: Two", "Rul: Two", "rule: Two", "Scenario\uff1aTwo"],
]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("above", ["Feature: It", "Feature: It\n  Rule: First"])
def test_a_misspelt_title_is_found(document: Callable[[str], Document], title: str, above: str) -> None:
    text = f"{above}\n\n  {title}\n    Given a pen\n\n  Scenario: One\n    Then it is\n"
    found = document(text)
    number = text.split("\n").index(f"  {title}") + 1
    assert lines(misspelt_keyword(found)) == [number]
    # The steps below it are said with it.
    assert lines(step_outside_scenario(found)) == []


def test_examples_that_are_misspelt_above_the_steps_are_found(document: Callable[[str], Document]) -> None:
    text = """
        Feature: It
          Scenario Outline: One
            Exampels:
              | n |
            Given <n>
    """
    assert lines(misspelt_keyword(document(text))) == [3]


LANGUAGES = {
    "de": "Angenomen ein Stift",
    "de ": "Gegeben Sei ein Stift",
    "fr": "Etant donne un stylo",
    "fr ": "Quannd je regarde",
    "es": "Cuado miro",
    "pt": "Entaõ está",
    "nl": "Wannneer ik kijk",
    "ru": "Допустм есть ручка",
    "ru ": "когда я смотрю",
    "pl": "Zakladajac długopis",
    "tr": "diyelim ki kalem",
}


@pytest.mark.parametrize(("language", "sentence"), LANGUAGES.items())
def test_a_misspelt_step_is_found_in_any_language(
    document: Callable[[str], Document], language: str, sentence: str
) -> None:
    language = language.strip()
    words = DIALECTS[language]
    text = (
        f"# language: {language}\n{words['feature'][0]}: It\n  {words['scenario'][0]}: One\n"
        f"    {sentence}\n    {words['then'][1]}it is\n"
    )
    assert lines(misspelt_keyword(document(text))) == [4]


@pytest.mark.parametrize("language", DIALECTS)
def test_what_is_spelt_right_is_left_alone_in_any_language(document: Callable[[str], Document], language: str) -> None:
    words = DIALECTS[language]
    steps = [keyword for kind in ("given", "when", "then", "and", "but") for keyword in words[kind]]
    text = f"# language: {language}\n{words['feature'][0]}: It\n\n  It is so.\n\n  {words['background'][0]}:\n"
    text += "".join(f"    {keyword}a pen\n" for keyword in steps)
    text += f"  {words['scenario'][0]}: One\n    It is so.\n\n" + "".join(f"    {keyword}a pen\n" for keyword in steps)
    found = document(text)
    assert lines(misspelt_keyword(found)) == lines(step_outside_scenario(found)) == []


PROSE = {
    "a story": "As a customer\nI want to see prices\nand to know what is cheap\nSo that I buy it",
    "a sentence that goes on": "This is what happens\nwhen a customer looks, and\nthen buys.",
    "a sentence that begins with a word like one": "Give that price as it is.",
    "a list": "Rules:\n- Given a price, it is shown\n- When it changes, it is shown\n* Then it is",
    "notes": "Note: prices change\nExcept: 5 euros\nSource: see the wiki",
    "words like keywords": "The price is shown.\nThey change.\nGive me a price.\nAny price.",
    "a definition of roles": "Role: customer\nRules: see below",
    "a table": "| a | b |\n| 1 | 2 |",
}


@pytest.mark.parametrize("prose", PROSE.values(), ids=PROSE)
@pytest.mark.parametrize("place", ["feature", "rule", "scenario", "background"])
def test_prose_is_left_alone(document: Callable[[str], Document], prose: str, place: str) -> None:
    parts = dict.fromkeys(("feature", "rule", "scenario", "background"), "") | {place: f"{prose}\n\n"}
    text = (
        f"Feature: It\n{parts['feature']}Background:\n{parts['background']}Given a pen\nRule: First\n{parts['rule']}"
        f"Scenario: One\n{parts['scenario']}Then it is\n"
    )
    found = document(text)
    assert lines(misspelt_keyword(found)) == lines(step_outside_scenario(found)) == []


@pytest.mark.parametrize(
    "prose",
    [
        "Given that prices change, they are looked up.",
        "When in doubt ask the owner.",
        "Given any of these:\n\n- a price",
        "It looks like this:\n```\nGiven a pen\ngiven a cup\nThen it is\n```",
        "Prices are shown.\nWhen they change they are shown again",
        "When prices change, customers are told\nAnd see them",
    ],
)
@pytest.mark.parametrize("above", ["Feature: It", "Feature: It\nRule: First"])
def test_a_sentence_that_begins_like_a_step_is_left_alone(
    document: Callable[[str], Document], prose: str, above: str
) -> None:
    found = document(f"{above}\n{prose}\n\nScenario: One\nThen it is\n")
    assert lines(misspelt_keyword(found)) == lines(step_outside_scenario(found)) == []


STRAY = {
    "one step": ("Given a pen", [1]),
    "several": ("Given a pen\nAnd a cup\nWhen I look\nThen it is", [1, 2, 3, 4]),
    "with a table": ("Given the pens\n| red |\n| blue |", [1]),
    "with a text": ('Given this\n"""\nThen it\n\nwas\n"""\nThen it is', [1, 7]),
    "with a comma in a quotation": ('When I say "yes, no"', [1]),
    "below a sentence": ("Prices are shown\nGiven a pen\nWhen I look, and look\nThen it is", [2, 3, 4]),
}


@pytest.mark.parametrize(("steps", "found"), STRAY.values(), ids=STRAY)
@pytest.mark.parametrize("above", ["Feature: It", "Feature: It\nRule: First"])
def test_a_step_above_all_scenarios_is_found(
    document: Callable[[str], Document], steps: str, found: list[int], above: str
) -> None:
    first = above.count("\n") + 1
    text = document(f"{above}\n{steps}\n\nScenario: One\nThen it is\n")
    assert lines(step_outside_scenario(text)) == [first + number for number in found]


OUTLINES = {
    "a misspelt placeholder": ("the price <prcie>", "| price |", "did you mean <price>?"),
    "other capitals": ("the price <Price>", "| price |", "did you mean <price>?"),
    "another separator": ("the price <unit_price>", "| unit price |", "did you mean <unit price>?"),
    "an unknown one beside a known one": ("the price <price> of <thing>", "| price |", "write one of <price>."),
    "one in a language of other letters": ("цена <цнеа>", "| цена |", "did you mean <цена>?"),
}


@pytest.mark.parametrize(("sentence", "header", "said"), OUTLINES.values(), ids=OUTLINES)
def test_an_unknown_placeholder_is_found(
    document: Callable[[str], Document], sentence: str, header: str, said: str
) -> None:
    text = f"Feature: It\n  Scenario Outline: One\n    Then {sentence}\n    Examples:\n      {header}\n      | 5 |\n"
    [(line, found, *_fix)] = unknown_placeholder(document(text))
    assert line == 3
    assert found.endswith(said)


def test_an_unknown_placeholder_is_found_in_tables_and_texts(document: Callable[[str], Document]) -> None:
    text = '''
        Feature: It
          Scenario Outline: One
            Given these
              | name    |
              | <prcie> |
            Then this
              """
              one
              <prise>
              """
            Examples:
              | price |
              | 5     |
    '''
    assert lines(unknown_placeholder(document(text))) == [5, 9]


def test_a_placeholder_that_one_of_two_tables_lacks_is_found(document: Callable[[str], Document]) -> None:
    text = """
        Feature: It
          Scenario Outline: One
            Then <a> is <b>
            Examples:
              | a | b |
              | 1 | 1 |
            Examples:
              | a |
              | 1 |
    """
    [(line, found, *_fix)] = unknown_placeholder(document(text))
    assert (line, "line 7" in found) == (3, True)


def test_a_misspelt_placeholder_of_a_background_is_found(document: Callable[[str], Document]) -> None:
    text = """
        Feature: It
          Background:
            Given the price <prcie> of <thing>
          Scenario Outline: One
            Then it is <price>
            Examples:
              | price |
              | 5     |
    """
    assert lines(unknown_placeholder(document(text))) == [3]


LITERAL = [
    "a <b>bold</b> <n>",
    "a line<br>and <n>",
    "<n> <= 5 and 6 >= <n>",
    "a List<String> of <n>",
    'an <a href="/x"> of <n>',
    "<https://example.org/> is <n>",
    "1 < <n> > 3",
    "<n>, <1>, <?>, <>",
]


@pytest.mark.parametrize("sentence", LITERAL)
def test_what_is_no_placeholder_is_left_alone(document: Callable[[str], Document], sentence: str) -> None:
    text = f"Feature: It\n  Scenario Outline: One\n    Then {sentence}\n    Examples:\n      | n |\n      | 5 |\n"
    found = document(text)
    assert lines(unknown_placeholder(found)) == lines(headerless_examples(found)) == []


def test_what_is_in_brackets_in_a_text_is_left_alone(document: Callable[[str], Document]) -> None:
    text = '''
        Feature: It
          Scenario Outline: One
            Given a file of <lines>
              """
              Scenario Outline: Two
                When I do <what>
              """
            Then it is
            Examples:
              | lines |
              | 5     |
    '''
    assert lines(unknown_placeholder(document(text))) == []


def test_brackets_outside_an_outline_are_left_alone(document: Callable[[str], Document]) -> None:
    assert lines(unknown_placeholder(document("Feature: It\n  Scenario: One\n    Then <prcie> is <price>\n"))) == []


def test_a_doubled_column_is_found(document: Callable[[str], Document]) -> None:
    text = "Feature: It\n  Scenario Outline: One\n    Then <n>\n    Examples:\n      | n | n |\n      | 5 | 6 |\n"
    assert lines(duplicate_column(document(text))) == [5]


HEADERLESS = {
    "the second table": ("| n |\n| 1 |\nExamples:\n| 2 |\n| 3 |", [8]),
    "the first table": ("| 2 |\n| 3 |\nExamples:\n| n |\n| 1 |", [5]),
    "the only table": ("| 2 |\n| 3 |", [5]),
    "a table of a note alone": ("| n | note |\n| 1 | ok |\nExamples:\n| n |\n| 2 |", []),
}


@pytest.mark.parametrize(("tables", "found"), HEADERLESS.values(), ids=HEADERLESS)
def test_examples_without_a_header_are_found(
    document: Callable[[str], Document], tables: str, found: list[int]
) -> None:
    text = document(f"Feature: It\nScenario Outline: One\nThen <n>\nExamples:\n{tables}\n")
    assert lines(headerless_examples(text)) == found
    assert lines(unknown_placeholder(text)) == []


def test_a_table_that_only_repeats_an_outline_is_left_alone(document: Callable[[str], Document]) -> None:
    text = (
        "Feature: It\n  Scenario Outline: One\n    Then it is\n    Examples:\n      | run |\n      | 1 |\n      | 2 |\n"
    )
    assert lines(headerless_examples(document(text))) == []


def test_a_value_that_looks_like_a_placeholder_is_recorded_as_it_runs(document: Callable[[str], Document]) -> None:
    text = """
        Feature: It
          Scenario Outline: One
            Then <a> and <b> and <c (d> and <e>
            Examples:
              | a   | b   | c (d |
              | <b> | <a> | \\\\1  |
    """
    [pickle] = document(text).pickles()
    assert pickle["steps"][0]["text"] == "<b> and <a> and \\1 and <e>"


@pytest.mark.parametrize(
    ("line", "below", "fix"),
    [
        ("Gven a pen", "When I look", ("Gven", "Given")),
        ("Scenaro: Two", "Given a pen", ("Scenaro:", "Scenario:")),
        ("Exampel: Some", "| a |", ("Exampel:", "Examples:")),
        ("Exampel: Some", "Given a pen", ("Exampel:", "Example:")),
        ("Exampel: Some", "A description.", None),
        ("Scenario :  Two", "Given a pen", ("Scenario :", "Scenario:")),
        ("Scenario Two", "Given a pen", ("Scenario", "Scenario:")),
        ("Scenario Outline Two", "Given a pen", None),
        ("Given a pen", "", None),
        ("Something else", "", None),
        ("Thank you", "", None),
    ],
)
def test_a_keyword_is_mended_where_one_alone_can_have_been_meant(
    line: str, below: str, fix: tuple[str, str] | None
) -> None:
    assert Keywords.of("en").fix(line, below) == fix


def test_each_rule_is_documented() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "rules.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == [*RULES, *OF_CHECK]
    assert all(f"`{name}`" in page for name in NOT_READABLE)
    assert all(re.fullmatch("[a-z-]+", name) and what.endswith(".") for name, what in (RULES | OF_CHECK).items())


BEGUN = "Feature: It\n  Scenario: One\n    Given a pen\n"
UNEQUAL = "write `|` at both ends of each cell, and `\\|` for one that belongs to a value."


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (f"{BEGUN}  smoke\n  Scenario: Two\n", 4, "`smoke` is not Gherkin here: begin it with a keyword, *"),
        (f"{BEGUN}  Examples\n", 4, "`Examples` is not Gherkin here: did you mean *"),
        (f"{BEGUN}  @not yet\n  Scenario: Two\n", 4, "a tag has no spaces, and * `@`: correct `@not yet`."),
        (f"{BEGUN}    @slow @big\n\n    # soon\n    When it writes\n", 4, "`@slow @big` stands above a step, *"),
        (f"{BEGUN}    \"\"\"\n    x\n    \"\"\"\n    And so\n    ```\n    \"\"\"\n", 8, "* write ````` in *"),
        (f"{BEGUN}    | a | b |\n\n    # no c\n    | c | d|e |\n", 7, f"the row has 3 cells, * (line 4) *: {UNEQUAL}"),
        (f"{BEGUN}    | a | b \\| c |\n    | d\n", 5, f"the row has 0 cells, * (line 4) has 2: {UNEQUAL}"),
        (f"{BEGUN}  Background:\n    Given ink\n", 4, "a background stands above the first scenario *: move it there."),
        ("Feature: It\n  Background:\n    Given a pen\n  Background:\n", 4, "Multiple 'Background' sections *"),
        (f"{BEGUN}Feature: More\n", 4, "a file has one feature, and this is its second: move it to a file of its own."),
        ("Scenario: One\n", 1, "there is no feature above it: begin the file with a line `Feature: ...`."),
        ("# language: de\nFunktion: Es\n  Szenario: A\n    Dann b\n  Grundlage:\n", 5, "a background stands above *"),
    ],
)  # fmt: skip
def test_what_is_not_gherkin_is_said_in_words_that_help(tmp_path: Path, text: str, line: int, sentence: str) -> None:
    file = tmp_path / "it.feature"
    file.write_text(text)
    fault = syntax_fault(syntax_error(file), text)
    assert (fault.line, fault.rule) == (line, "not-gherkin")
    assert fnmatch(fault.sentence, sentence), fault.sentence
