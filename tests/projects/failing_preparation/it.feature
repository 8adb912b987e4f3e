Feature: It
  Scenario: S1
    Given ink
    Then it writes
  Scenario: S2
    Given ink
    Then it writes
