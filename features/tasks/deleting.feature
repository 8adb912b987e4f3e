Feature: Deleting tasks
  As someone who changes their mind
  I want to strike tasks off
  so that only what matters is left on the list.

  Background:
    Given the tasks "Buy milk, Call Anna"

  Scenario: Only the deleted task is gone
    When I delete the task "Buy milk"
    Then the list shows "Call Anna"

  Scenario: A deleted task cannot be opened
    Given the task "Buy milk" was deleted
    When I open the task "Buy milk"
    Then I am told that there is no such task

  Scenario: A task can be deleted only once
    Given the task "Buy milk" was deleted
    When I delete the task "Buy milk"
    Then I am told that there is no such task

  Scenario: A task that never existed cannot be deleted
    When I delete a task that does not exist
    Then I am told that there is no such task

  Scenario: What cannot be the number of a task cannot be deleted
    When I delete task number "milk"
    Then I am told that this cannot be the number of a task

  Scenario: A completed task can be deleted
    Given the task "Call Anna" was completed
    When I delete the task "Call Anna"
    Then the list shows "Buy milk"
