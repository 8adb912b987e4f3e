@real_commits
Feature: Several people working on the same task
  As a team that shares a list
  I want nothing to get lost when two of us act at the same moment
  so that we need not agree beforehand on who does what.

  Background:
    Given the task "Buy milk" described as "Two bottles"

  Scenario: Two changes made to a task at once are both kept
    When two people change the title of the task "Buy milk" to "Buy oat milk" and its description to "One" at the same moment
    Then the list shows "Buy oat milk"
    And the task "Buy milk" is described as "One"

  Scenario: A task that two people complete at once is announced only once
    Given others are listening
    When two people complete the task "Buy milk" at the same moment
    Then others hear that the task "Buy milk" is completed

  Scenario: A task that two people delete at once is deleted only once
    When two people delete the task "Buy milk" at the same moment
    Then one of them succeeds, and the other is told that there is no such task
