Feature: The list of tasks
  As someone with many things to do
  I want to see them in order, and a few at a time
  so that I can find the next one.

  Scenario: Without any tasks, the list is empty
    When I look at the list
    Then I see nothing

  Rule: The oldest task comes first

    Scenario: Tasks are listed in the order in which they were created
      Given it is 09:00 on 2 March 2026
      And the task "Second"
      And it is 09:00 on 3 March 2026
      And the task "Third"
      And it is 09:00 on 1 March 2026
      And the task "First"
      When I look at the list
      Then I see "First, Second, Third"

    Scenario: Tasks created at the same moment are listed in the order in which they arrived
      Given it is 09:00 on 1 March 2026
      And the tasks "One, Two, Three"
      And the task "Two" was completed
      When I look at the list
      Then I see "One, Two, Three"

  Rule: I may look at the open tasks only, or at the completed ones only

    Background:
      Given the tasks "Buy milk, Call Anna, Pay rent"
      And the task "Call Anna" was completed

    Scenario Outline: Which tasks are shown
      When I look at <which>
      Then I see "<shown>"

      Examples: Filters
        | which               | shown                         |
        | the list            | Buy milk, Call Anna, Pay rent |
        | the open tasks      | Buy milk, Pay rent            |
        | the completed tasks | Call Anna                     |

    Scenario: A filter that does not exist is refused, not ignored
      When I look at the urgent tasks
      Then I am told that there is no such filter

    Scenario: A reopened task is open again
      Given the task "Call Anna" was reopened
      When I look at the completed tasks
      Then I see nothing

  Rule: I may look at part of the list

    Background:
      Given the tasks "One, Two, Three, Four, Five"

    Scenario Outline: Which part is shown
      When I look at <part>
      Then I see "<shown>"

      Examples: Parts
        | part                          | shown                       |
        | the first 2 tasks             | One, Two                    |
        | the first 2 tasks, skipping 2 | Three, Four                 |
        | the first 2 tasks, skipping 4 | Five                        |
        | the first 100 tasks           | One, Two, Three, Four, Five |
        | the list, skipping 3          | Four, Five                  |
        | the list, skipping 0          | One, Two, Three, Four, Five |

    Scenario Outline: Beyond the end of the list there is nothing
      When I look at the list, skipping <number>
      Then I see nothing

      Examples: Beyond the end
        | number     |
        | 5          |
        | 2147483647 |

    Scenario: Only tasks that pass the filter are skipped and counted
      Given the task "One" was completed
      When I look at the first 2 open tasks, skipping 1
      Then I see "Three, Four"

  Rule: At most 100 tasks are shown at once, and 50 unless I ask for more or fewer

    Scenario Outline: How many tasks are shown
      Given 101 tasks
      When I look at <part>
      Then I see <shown>

      Examples: Accepted
        | part                | shown     |
        | the list            | 50 tasks  |
        | the first task      | 1 task    |
        | the first 100 tasks | 100 tasks |

    Scenario Outline: A part that cannot be shown
      When I look at <part>
      Then I am told that there is no such part of the list

      Examples: Refused
        | part                          |
        | the first 0 tasks             |
        | the first 101 tasks           |
        | the first -1 tasks            |
        | the list, skipping -1         |
        | the list, skipping 2147483648 |
        | the first few tasks           |
