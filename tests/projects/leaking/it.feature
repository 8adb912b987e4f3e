Feature: It
  Scenario: One
    Given a change of its own
    And what lasts
    Then it lasts

  Scenario: Two
    Given what lasts
    And a leak of its own
    Then nothing is asked

  Scenario: Three
    Given what lasts
    Then it lasts
