Feature: Feature 3
  Scenario: Quince
    Given a 3
    Then it holds

  Scenario: Medlar
    Given a 3
    Then it holds

  Scenario: Sloe
    Given a 3
    Then it holds
