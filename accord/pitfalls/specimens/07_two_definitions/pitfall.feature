Feature: Notes
  Scenario: A note is on the list
    Then the note "milk" is on the list
