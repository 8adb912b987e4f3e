Feature: Feature 0
  Scenario: Quince
    Given a 0
    Then it holds

  Scenario: Medlar
    Given a 0
    Then it holds

  Scenario: Sloe
    Given a 0
    Then it holds
