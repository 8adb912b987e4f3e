Feature: Reading a task
  As someone about to do a task
  I want to see everything that was written down
  so that I do what was meant.

  Scenario: A task shows everything that is known about it
    Given it is 09:30 on 1 March 2026
    And the task "Buy milk" described as "Two bottles"
    When I open the task "Buy milk"
    Then I see this task:
      | title    | described as | state | created               |
      | Buy milk | Two bottles  | open  | 09:30 on 1 March 2026 |

  Scenario: The task that I ask for is the one that opens
    Given the tasks "Buy milk, Call Anna"
    When I open the task "Call Anna"
    Then I see "Call Anna"

  Scenario: A task that does not exist cannot be opened
    Given the task "Buy milk"
    When I open a task that does not exist
    Then I am told that there is no such task

  Scenario Outline: A number that no task has
    When I open task number "<number>"
    Then I am told that there is no such task

    Examples: As small and as large as a number may be
      | number      |
      | -2147483648 |
      | 2147483647  |

  Scenario Outline: What cannot be the number of a task is refused
    When I open task number "<number>"
    Then I am told that this cannot be the number of a task

    Examples: Refused
      | number              |
      | milk                |
      | 1.5                 |
      | 2147483648          |
      | -2147483649         |
      | 9223372036854775808 |
