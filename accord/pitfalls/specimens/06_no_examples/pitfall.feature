Feature: Notes
  Scenario Outline: A title is kept
    Given the title "<title>"
    Then the title "<title>" is kept

    Examples: Odd titles
      | title |
