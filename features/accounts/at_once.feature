@real_commits
Feature: Registering at the same moment
  As someone new
  I want a name to be either mine or someone else's, never both
  so that nobody can pass for me.

  Scenario: Of two people who register the same name at once, only one gets it
    When two people register the name "alice" at the same moment
    Then one of them succeeds, and the other is told that the name is taken

  Scenario: Of two people who register the same address at once, only one gets it
    When two people register the address "alice@example.com" at the same moment
    Then one of them succeeds, and the other is told that the address is taken
