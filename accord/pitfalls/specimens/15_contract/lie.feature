Feature: Counting
  Scenario: The service counts
    When I ask how many there are
    Then I am told
