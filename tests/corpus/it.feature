Feature: What may become of a scenario
  Background:
    Given a list

  Scenario: Kept
    Given a step

  Scenario: Broken
    When it fails
    Then a step

  Scenario: Pending
    When it is pending
    Then a step

  Scenario: Skipped
    When it is skipped
    Then a step

  Scenario: Undefined
    When nobody knows this
    Then a step

  Scenario: Ambiguous
    When an ambiguous step
    Then a step

  @skips-before
  Scenario: Skipped before an ambiguous and an undefined step
    When an ambiguous step
    Then nobody knows this

  @fails-before
  Scenario: A hook before it fails
    Given a step

  @fails-after-step
  Scenario: A hook after a step fails
    Given a step
    Then a step

  @browser
  Scenario Outline: Flaky at attempt <attempt>
    When it passes at attempt <attempt>

    Examples:
      | attempt |
      | 1       |
      | 2       |
      | 3       |
      | 9       |

  Scenario: Attachments
    When it attaches

  Scenario: Skipped, then undefined
    When it is skipped
    Then nobody knows this

  Scenario: Pending, then ambiguous
    When it is pending
    Then an ambiguous step

  Scenario: Without a step of its own
