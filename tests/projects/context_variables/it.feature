Feature: It
  Scenario: One
    Given a fixture sets it
    And an async generator step sets it
    And an async step sets it
    Then a sync step sees "of the step"

  Scenario: Two
    Then a sync step sees "unset"
