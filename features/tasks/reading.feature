Feature: Reading a task
  As someone about to do a task
  I want to see all that was written down
  so that I do what was meant.

  Scenario: A task shows all that is known of it
    Given it is 09:30 on 1 March 2026
    And the task "Buy milk" described as "Two bottles"
    When I open the task "Buy milk"
    Then I see this task:
      | title    | described as | state | created               |
      | Buy milk | Two bottles  | open  | 09:30 on 1 March 2026 |

  Scenario: The task that one asks for is the one that opens
    Given the tasks "Buy milk, Call Anna"
    When I open the task "Call Anna"
    Then I see "Call Anna"

  Scenario: Where there is no task, one is told so
    Given the task "Buy milk"
    When I open a task that does not exist
    Then I am told that there is no such task

  Scenario Outline: A number that no task has
    When I open the task numbered "<number>"
    Then I am told that there is no such task

    Examples: As small and as large as a number may be
      | number      |
      | -2147483648 |
      | 2147483647  |

  Scenario Outline: What is no task's number is refused
    When I open the task numbered "<number>"
    Then I am told that this is no task's number

    Examples: Refused
      | number              |
      | milk                |
      | 1.5                 |
      | 2147483648          |
      | -2147483649         |
      | 9223372036854775808 |
