Feature: Notes
  Scenario: A note is kept
    When I write down "milk"
    Then the list shows "milk"
