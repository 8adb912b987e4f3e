Feature: Notes
  Scenario: A note is kept
    Given the note "milk"
    When I write "bread"
    Then the notes are "milk, bread"
