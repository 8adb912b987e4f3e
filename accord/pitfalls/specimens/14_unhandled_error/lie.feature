Feature: Halves
  Scenario: An odd number is told to be odd
    When I halve 3
    Then I am told that it is odd
