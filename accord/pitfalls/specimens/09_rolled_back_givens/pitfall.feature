Feature: Notes
  Scenario: A note that already exists is kept
    Given the note "milk"
    When I write down "milk"
    Then the list shows "milk"
