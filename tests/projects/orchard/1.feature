Feature: Feature 1
  Scenario: Quince
    Given a 1
    Then it holds

  Scenario: Medlar
    Given a 1
    Then it holds

  Scenario: Sloe
    Given a 1
    Then it holds
