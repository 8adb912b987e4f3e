Feature: Feature 2
  Scenario: Quince
    Given a 2
    Then it holds

  Scenario: Medlar
    Given a 2
    Then it holds

  Scenario: Sloe
    Given a 2
    Then it holds
