Feature: It
  Scenario: One
    Given a generator
    Then it waits, and Ctrl-C comes while it waits
