Feature: Sums
  Scenario: Sums are right
    Then 1 and 1 are 3

  Scenario: Sums are right
    Then 1 and 1 are 2
