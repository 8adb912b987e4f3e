"""What cannot be trusted in a feature file is an error that says where."""

import pytest

from tests.helpers.project import Project


def faults(project: Project) -> list[str]:
    """Return what a run of it.feature says, and see that it says it once and ran nothing."""
    result = project.run("it.feature")
    result.assert_outcomes(errors=1)
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if "ERROR collecting it.feature" in line)
    end = next(number for number, line in enumerate(lines) if "short test summary info" in line)
    return lines[start + 1 : end]


NOT_READABLE = {
    "not UTF-8": (
        "Feature: It\n  Scenario: Größe\n".encode("latin-1"),
        "it.feature:2: there is a character that is not UTF-8: save the file as UTF-8.",
    ),
    "UTF-16": (
        "Feature: It\n".encode("utf-16"),
        "it.feature:1: there is a character that is not UTF-8: save the file as UTF-8.",
    ),
    "empty": (b"", "it.feature:1: there is no feature in it: begin with a line `Feature: ...`."),
    "comments only": (b"# later\n\n", "it.feature:1: there is no feature in it: begin with a line `Feature: ...`."),
    "no such keyword": (
        b"Feature: It\n  Scenario: One\n    Given a pen\n  Senario: Two\n",
        "it.feature:4: Unexpected token found. Check Gherkin syntax near the reported error. Senario: Two",
    ),
    "unequal rows": (
        b"Feature: It\n  Scenario: One\n    Given a pen\n      | a | b |\n      | c |\n",
        "it.feature:5: inconsistent cell count within the table | c |",
    ),
    "unknown language": (b"# language: xx\nFeature: It\n", "it.feature:1: Language not supported: xx # language: xx"),
    "an open doc string": (
        b'Feature: It\n  Scenario: One\n    Given a pen\n      """\n',
        "it.feature:5: unexpected end of file, expected: #DocStringSeparator, #Other",
    ),
    "And comes first": (
        b"Feature: It\n  Scenario: One\n    And a pen\n",
        "it.feature:3: First step in a scenario or background must start with 'Given', 'When' or 'Then', but got And."
        " a pen",
    ),
}


@pytest.mark.parametrize(("content", "message"), NOT_READABLE.values(), ids=NOT_READABLE)
def test_a_file_that_cannot_be_read_is_an_error_in_one_line(project: Project, content: bytes, message: str) -> None:
    project.path.joinpath("it.feature").write_bytes(content)
    assert faults(project) == [message]


FAULTS = {
    "two scenarios of one name": (
        """
Feature: It
  Scenario: One
    Then there are 1
  Scenario: One
    Then there are 2
""",
        ['it.feature:4: line 2 has a scenario "One" too, and only one would be found: rename one.'],
    ),
    "two scenarios of one name in two rules": (
        """
Feature: It
  Rule: First
    Scenario: One
      Then there are 1
  Rule: Second
    Scenario Outline: One
      Then there are <n>
      Examples:
        | n |
        | 1 |
""",
        ['it.feature:6: line 3 has a scenario "One" too, and only one would be found: rename one.'],
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
        ['it.feature:5: line 2 has a rule "First" too, and only one would be found: rename one.'],
    ),
    "no name": (
        """
Feature: It
  Rule:
    Scenario:
      Then there are 1
""",
        [
            "it.feature:2: a rule needs a name: say what is promised.",
            "it.feature:3: a scenario needs a name: say what is promised.",
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
        ['it.feature:5: the scenario "One" has no steps, so it would always pass: write them, or remove it.'],
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
        ['it.feature:5: the scenario "One" has no Then, so it checks nothing: say what must have happened.'],
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
            'it.feature:2: the scenario "One" has no Then, so it checks nothing: say what must have happened.',
            'it.feature:4: line 2 has a scenario "One" too, and only one would be found: rename one.',
        ],
    ),
    "an outline without Examples": (
        """
Feature: It
  Scenario Outline: One
    Then there are <n>
""",
        ['it.feature:2: the outline "One" has no Examples, so it would not run: add some.'],
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
            'it.feature:4: Examples of "One" have no row, so nothing would run: add one.',
            'it.feature:9: Examples of "One" have no row, so nothing would run: add one.',
        ],
    ),
    "no scenario": (
        """
Feature: It
  Senario: One
    Then there are 1
""",
        ['it.feature:1: "It" has no scenario, so nothing would run: write one, or remove it.'],
    ),
    "a rule without a scenario": (
        """
Feature: It
  Rule: First
    Senario: One
      Then there are 1
  Rule: Second
    Scenario: Two
      Then there are 1
""",
        ['it.feature:2: "First" has no scenario, so nothing would run: write one, or remove it.'],
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
            "correct it, or add it to `markers` in the pytest configuration."
            for line, tag in [(1, "feeture"), (3, "roole"), (5, "scenaario"), (8, "eggsamples")]
        ],
    ),
}


@pytest.mark.parametrize(("text", "messages"), FAULTS.values(), ids=FAULTS)
def test_what_would_pass_without_having_been_tried_is_an_error(things: Project, text: str, messages: list[str]) -> None:
    things.feature(text)
    assert faults(things) == messages


def test_a_file_with_an_error_stops_the_run_before_any_scenario(things: Project) -> None:
    things.feature("Feature: It\n  Scenario: One\n", "wrong.feature")
    things.run().assert_outcomes(errors=1)
