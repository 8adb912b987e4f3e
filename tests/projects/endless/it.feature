Feature: It
  Scenario: One
    Then the service answers

  Scenario: Two
    When I ask for "/waits"
    Then all is well
