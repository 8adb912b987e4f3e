"""What cannot be trusted in a feature file is an error that says where."""

import os
import re

import pytest

from tests.helpers.project import PUBLISHING, Project

FAULT = re.compile(r"it\.feature:\d+: .* \[[a-z0-9-]+\]$")


def faults(project: Project, *arguments: str) -> list[str]:
    """Return what a run of it.feature says is wrong in it, each once, and see that no step ran."""
    result = project.run("it.feature", "-s", *arguments)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.no_fnmatch_line("*internal error*")
    result.stdout.no_fnmatch_line("*Traceback*")
    return list(
        dict.fromkeys(line for line in result.outlines if re.match(r"it\.feature:\d+: .* \[[a-z0-9-]+\]$", line))
    )


NOT_READABLE = {
    "not UTF-8": (
        "Feature: It\n  Scenario: Größe\n".encode("latin-1"),
        "it.feature:2: there is a character that is not UTF-8: save the file as UTF-8. [not-utf8]",
    ),
    "UTF-16": (
        "Feature: It\n".encode("utf-16"),
        "it.feature:1: there is a character that is not UTF-8: save the file as UTF-8. [not-utf8]",
    ),
    "empty": (b"", "it.feature:1: there is no feature in it: begin with a line `Feature: ...`. [not-gherkin]"),
    "comments only": (
        b"# later\n\n",
        "it.feature:1: there is no feature in it: begin with a line `Feature: ...`. [not-gherkin]",
    ),
    "no such keyword": (
        b"Feature: It\n  Scenario: One\n    Given a pen\n  Senario: Two\n",
        "it.feature:4: `Senario: Two` is not Gherkin here: did you mean `Scenario:`? [not-gherkin]",
    ),
    "a misspelt first keyword": (
        b"Feeture: It\n  Scenario: One\n    Given a pen\n",
        "it.feature:1: `Feeture: It` is not Gherkin here: did you mean `Feature:`? [not-gherkin]",
    ),
    "a misspelt keyword in another language": (
        "# language: de\nFunktionalität: Es\n  Szenario: Eins\n    Dann ist es\n    Unnd so\n".encode(),
        "it.feature:5: `Unnd so` is not Gherkin here: did you mean `Und ...`? [not-gherkin]",
    ),
    "unequal rows": (
        b"Feature: It\n  Scenario: One\n    Given a pen\n      | a | b |\n      | c |\n",
        "it.feature:5: the row has 1 cell, and the first row of its table (line 4) has 2: write `|` at both ends of "
        r"each cell, and `\|` for one that belongs to a value. [not-gherkin]",
    ),
    "unknown language": (
        b"# language: xx\nFeature: It\n",
        "it.feature:1: Language not supported: xx # language: xx [not-gherkin]",
    ),
    "an open doc string": (
        b'Feature: It\n  Scenario: One\n    Given a pen\n      """\n',
        'it.feature:4: the text that begins here has no end: write `"""` in a line below it. [not-gherkin]',
    ),
}


@pytest.mark.parametrize(("content", "message"), NOT_READABLE.values(), ids=NOT_READABLE)
def test_a_file_that_cannot_be_read_is_an_error_in_one_line(project: Project, content: bytes, message: str) -> None:
    project.path.joinpath("it.feature").write_bytes(content)
    assert faults(project) == [message]


def test_a_file_that_may_not_be_read_is_an_error_in_one_line(project: Project) -> None:
    file = project.feature("Feature: It\n")
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("root reads everything")
    assert faults(project) == ["it.feature:1: the file cannot be read: Permission denied. [not-readable]"]


FAULTS = {
    "two scenarios of one name": (
        """
Feature: It
  Scenario: One
    Then there are 1
  Scenario: One
    Then there are 2
""",
        ['it.feature:4: line 2 has a scenario "One" too, and only one would be found: rename one. [duplicate-name]'],
    ),
    "two rules of one name": (
        """
Feature: It
  Rule: First
    Scenario: One
      Then there are 1
  Rule: First
    Scenario: Two
      Then there are 1
""",
        ['it.feature:5: line 2 has a rule "First" too, and only one would be found: rename one. [duplicate-name]'],
    ),
    "no name": (
        """
Feature: It
  Rule:
    Scenario:
      Then there are 1
""",
        [
            "it.feature:2: a rule needs a name: say what is promised. [unnamed]",
            "it.feature:3: a scenario needs a name: say what is promised. [unnamed]",
        ],
    ),
    "no steps": (
        """
Feature: It
  Background:
    Given a pen
    Then there are 1
  Scenario: One
""",
        [
            'it.feature:5: the scenario "One" has no steps, so it would always pass: write them, or remove it. '
            "[no-steps]"
        ],
    ),
    "no Then": (
        """
Feature: It
  Background:
    Given a pen
    Then there are 1
  Scenario: One
    When I add ink
    And I add paper
""",
        ['it.feature:5: the scenario "One" has no Then, so it checks nothing: say what must have happened. [no-then]'],
    ),
    "no Then in the first of two scenarios of one name": (
        """
Feature: It
  Scenario: One
    Given a pen
  Scenario: One
    Then there are 1
""",
        [
            'it.feature:2: the scenario "One" has no Then, so it checks nothing: say what must have happened. '
            "[no-then]",
            'it.feature:4: line 2 has a scenario "One" too, and only one would be found: rename one. [duplicate-name]',
        ],
    ),
    "an outline without Examples": (
        """
Feature: It
  Scenario Outline: One
    Then there are <n>
""",
        ['it.feature:2: the outline "One" has no Examples, so it would not run: add some. [no-examples]'],
    ),
    "Examples without a row": (
        """
Feature: It
  Scenario Outline: One
    Then there are <n>
    Examples: None
      | n |
    Examples: Some
      | n |
      | 1 |
    Examples: Nothing at all
""",
        [
            'it.feature:4: Examples of "One" have no row, so nothing would run: add one. [empty-examples]',
            'it.feature:9: Examples of "One" have no row, so nothing would run: add one. [empty-examples]',
        ],
    ),
    "And comes first": (
        """
Feature: It
  Background:
    But a pen
  Scenario: One
    And a pen
    Then there are 1
""",
        ["it.feature:3: no step is before this But: begin with a Given, When or Then, or with `*`. [leading-and]"],
    ),
    "no scenario": (
        """
Feature: It
  To be written.
""",
        ['it.feature:1: "It" has no scenario, so nothing would run: write one, or remove it. [no-scenario]'],
    ),
    "a rule without a scenario": (
        """
Feature: It
  Rule: First
    To be written.
  Rule: Second
    Scenario: Two
      Then there are 1
""",
        ['it.feature:2: "First" has no scenario, so nothing would run: write one, or remove it. [no-scenario]'],
    ),
    "unknown tags": (
        """
@slow @feeture
Feature: It
  @roole
  Rule: First
    @scenaario
    Scenario Outline: One
      Then there are <n>
      @eggsamples
      Examples:
        | n |
        | 1 |
""",
        [
            f"it.feature:{line}: the tag @{tag} is not known, so a filter may miss it: "
            "correct it, or add it to `markers` or `accord_tags` in the pytest configuration. [unknown-tag]"
            for line, tag in [(1, "feeture"), (3, "roole"), (5, "scenaario"), (8, "eggsamples")]
        ],
    ),
}


@pytest.mark.parametrize(("text", "messages"), FAULTS.values(), ids=FAULTS)
def test_what_would_pass_without_having_been_tried_is_an_error(things: Project, text: str, messages: list[str]) -> None:
    things.feature(text)
    assert faults(things) == messages


def test_a_file_with_an_error_stops_no_other(things: Project) -> None:
    things.feature("Feature: It\n  Scenario: One\n", "wrong.feature")
    things.feature("Feature: It\n  Scenario: One\n    Given a pen\n  Senario: Two\n", "unreadable.feature")
    result = things.run("-v")
    result.assert_outcomes(passed=4, failed=3)
    result.stdout.fnmatch_lines(["unreadable.feature::unreadable FAILED*", "wrong.feature::One FAILED*"])


def test_a_scenario_that_breaks_no_rule_runs_beside_one_that_does(things: Project) -> None:
    things.feature("""
        Feature: It
          Scenario: One
            Given a pen
          Scenario: Two
            Given a pen
            Then there are 1
          Scenario Outline: Three
            Given a <thing>
          Rule: Fourth
            Scenario: One
              Given a pen
              Then there are 1
    """)
    result = things.run("-v")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "it.feature::One FAILED*",
            "it.feature::Two PASSED*",
            "it.feature::Three FAILED*",
            "it.feature::Fourth::One PASSED*",
            "it.feature:2: *no-then*",
            "it.feature:7: *no-examples*",
        ]
    )


def test_what_stands_above_scenarios_is_wrong_for_all_of_them(things: Project) -> None:
    things.feature("""
        Feature: It
          Rule: First
            Scenario: One
              Given a pen
              Then there are 1
          @unheard_of
          Rule: Second
            Scenario: Two
              Given a pen
              Then there are 1
            Scenario: Three
              Given a pen
              Then there are 1
    """)
    result = things.run()
    result.assert_outcomes(passed=1, failed=2)
    assert result.outlines.count(faults(things)[0]) == 2


def test_the_document_shows_what_breaks_a_rule_as_broken(things: Project, publishing: None) -> None:
    things.settings(PUBLISHING)
    things.feature("""
        Feature: It
          Scenario: No steps
          Scenario: No then
            Given a pen
          Scenario: Right
            Given a pen
            Then there are 1
          Scenario Outline: No examples
            Then there are <number>
    """)
    things.feature("Nothing", "other.feature")
    result = things.run()
    result.assert_outcomes(passed=1, failed=4)
    result.stdout.fnmatch_lines(["1 promise kept, 3 broken; 1 feature could not be read: *"])
    page = things.path.joinpath("living-docs", "index.html").read_text(encoding="utf-8")
    for sentence in ("has no Then, so it checks nothing", "has no Examples", "[no-steps]", "is not Gherkin here"):
        assert sentence in page


def test_scenarios_of_one_name_in_two_rules_run(things: Project) -> None:
    things.feature("""
        Feature: It
          Rule: First
            Scenario: One
              Given a pen
              Then there are 1
          Rule: Second
            Scenario Outline: One
              Given a <thing>
              Then there are <n>
              Examples:
                | thing | n |
                | pen   | 1 |
          Rule: Third
            Scenario: One
              Given a pen
              Then there are 2
    """)
    result = things.run("-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["it.feature::First::One PASSED*", "it.feature::Second::One?pen, 1? PASSED*"])


FIRST = {
    "a star that stands for a Given": "* a pen\nThen there are 1",
    "stars alone": "* a pen\n* there are 1",
    "a star after a Then": "Given a pen\nThen there are 1\n* there are 1",
}


@pytest.mark.parametrize("sentences", FIRST.values(), ids=FIRST)
def test_a_first_step_may_begin_with_a_star(things: Project, sentences: str) -> None:
    things.scenario(*sentences.split("\n"))
    things.run().assert_outcomes(passed=1)


def test_a_first_step_that_begins_with_a_star_or_and_goes_on_from_the_background(things: Project) -> None:
    things.feature("""
        Feature: It
          Background:
            Given a pen
          Scenario: One
            And a cup
            Then there are 1
          Scenario: Two
            * a cup
            Then there are 1
    """)
    things.run().assert_outcomes(passed=2)


def test_a_star_is_of_the_kind_of_the_step_before(things: Project) -> None:
    things.scenario("Given a pen", "* there are 1", "Then there are 1")
    result = things.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no step definition says: [*] there are 1*"])
