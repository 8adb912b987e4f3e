Feature: It
  Scenario: One
    Given a first
    And a second
    Then it ends
