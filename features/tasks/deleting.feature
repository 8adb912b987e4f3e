Feature: Deleting tasks
  As someone who changes their mind
  I want to strike tasks off
  so that the list holds what matters.

  Background:
    Given the tasks "Buy milk, Call Anna"

  Scenario: A deleted task is gone, and no other
    When I delete the task "Buy milk"
    Then the list shows "Call Anna"

  Scenario: A deleted task cannot be opened
    Given the task "Buy milk" was deleted
    When I open the task "Buy milk"
    Then I am told that there is no such task

  Scenario: A task is deleted once
    Given the task "Buy milk" was deleted
    When I delete the task "Buy milk"
    Then I am told that there is no such task

  Scenario: A task that never was cannot be deleted
    When I delete a task that does not exist
    Then I am told that there is no such task

  Scenario: What is no task's number cannot be deleted
    When I delete the task numbered "milk"
    Then I am told that this is no task's number

  Scenario: A completed task can be deleted
    Given the task "Call Anna" was completed
    When I delete the task "Call Anna"
    Then the list shows "Buy milk"
