Feature: It
  Scenario: One
    Given an error whose text is number
    Then it is raised

  Scenario: last
    Then all is well
