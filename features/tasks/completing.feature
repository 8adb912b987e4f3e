Feature: Completing tasks
  As someone who gets things done
  I want to tick them off
  so that I see what is left.

  Background:
    Given it is 09:30 on 1 March 2026
    And the task "Buy milk"

  Scenario: A completed task shows when it was completed
    Given it is 18:00 on 2 March 2026
    When I complete the task "Buy milk"
    Then the task "Buy milk" was completed at 18:00 on 2 March 2026

  Scenario: A task that is completed again keeps its first time
    Given the task "Buy milk" was completed
    And it is 18:00 on 2 March 2026
    When I complete the task "Buy milk"
    Then the task "Buy milk" was completed at 09:30 on 1 March 2026

  Scenario: A reopened task is open
    Given the task "Buy milk" was completed
    When I reopen the task "Buy milk"
    Then the task "Buy milk" is open

  Scenario: A task that is reopened and completed again shows the new time
    Given the task "Buy milk" was completed
    And the task "Buy milk" was reopened
    And it is 18:00 on 2 March 2026
    When I complete the task "Buy milk"
    Then the task "Buy milk" was completed at 18:00 on 2 March 2026

  Scenario: A completed task says what it said
    Given the task "Call Anna" described as "About Friday"
    When I complete the task "Call Anna"
    Then the task "Call Anna" is described as "About Friday"

  Scenario: Other tasks stay open
    Given the task "Call Anna"
    When I complete the task "Buy milk"
    Then the task "Call Anna" is open
