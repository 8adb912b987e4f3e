@real_commits
Feature: Registering at the same moment
  As someone new
  I want a name to be mine or someone else's, and never both
  so that nobody can pass for me.

  Scenario: Of two people who register one name at once, one gets it
    When two people register the name "alice" at the same moment
    Then one of them succeeds, and the other is told that the name is taken

  Scenario: Of two people who register one address at once, one gets it
    When two people register the address "alice@example.com" at the same moment
    Then one of them succeeds, and the other is told that the address is taken
