Feature: Notes
  Scenario: A note can be found again

  Scenario: A note can be written down
    When I write down "milk"
