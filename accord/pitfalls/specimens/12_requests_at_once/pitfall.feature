Feature: Notes
  Scenario: Two notes written at once are both kept
    When two people write down a note at once
    Then the list shows both
