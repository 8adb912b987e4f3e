Feature: Counting
  Scenario: The service counts
    When I ask how many notes there are
    Then I am told
