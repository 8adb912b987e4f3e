Feature: It
  Scenario: One
    Given a loop
    Then a loop
