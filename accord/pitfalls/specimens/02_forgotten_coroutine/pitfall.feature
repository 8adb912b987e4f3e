Feature: Notes
  Scenario: A note can be written down
    When I write down "milk"
    Then nobody complains
