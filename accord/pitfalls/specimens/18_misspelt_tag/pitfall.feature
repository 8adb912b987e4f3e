Feature: Sums
  @smok
  Scenario: One is one
    Then one is one
