Feature: Halves
  Scenario: I am told that an odd number is odd
    When I halve 3
    Then I am told that it is odd
