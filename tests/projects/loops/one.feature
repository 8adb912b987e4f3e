Feature: It
  Scenario: One
    Given a loop
    Then a loop

  Scenario: Two
    Given a loop
    Then a loop
