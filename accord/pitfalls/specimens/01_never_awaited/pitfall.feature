Feature: Sums
  Scenario: One is two
    Then one is two
