Feature: Creating tasks
  As someone with things to do
  I want to write them down
  so that I need not remember them.

  Scenario: A new task is on the list
    When I create the task "Buy milk"
    Then the task "Buy milk" is on the list

  Scenario: A new task starts out open
    When I create the task "Buy milk"
    Then the task "Buy milk" is open

  Scenario: A task remembers when it was created
    Given it is 09:30 on 1 March 2026
    When I create the task "Buy milk"
    Then the task "Buy milk" was created at 09:30 on 1 March 2026

  Scenario: Two tasks may have the same title
    Given the task "Buy milk"
    When I create the task "Buy milk"
    Then the list shows "Buy milk, Buy milk"

  Scenario: A task does not start out completed
    When I create a task that is already completed
    Then the task is refused: there is no such field

  Rule: A task may be described, in up to 2000 characters

    Scenario: A task keeps its description
      When I create the task "Buy milk" described as "Two bottles, the blue ones"
      Then the task "Buy milk" is described as "Two bottles, the blue ones"

    Scenario: A task needs no description
      When I create a task without a description
      Then the task is on the list

    Scenario Outline: How long a description may be
      When I create a task with a description of <length>
      Then the task is <outcome>

      Examples: Accepted
        | length          | outcome     |
        | 1 character     | on the list |
        | 2000 characters | on the list |

      Examples: Refused
        | length          | outcome                              |
        | 2001 characters | refused: the description is too long |

  Rule: What cannot be understood is refused, and the list stays as it was

    Scenario Outline: A task that makes no sense
      When I create a task <mistake>
      Then the task is refused: <reason>

      Examples: Something is missing, or there is too much
        | mistake                             | reason                     |
        | without a title                     | the title is missing       |
        | with an unknown field               | there is no such field     |
        | with far too many fields            | there are too many fields  |
        | as long as a book                   | it is too long             |

      Examples: Something is not what it should be
        | mistake                                                      | reason                                                     |
        | whose title is a number                                      | the title is not text                                      |
        | whose title is nothing                                       | the title is not text                                      |
        | whose title is a list                                        | the title is not text                                      |
        | whose description is a number                                | the description is not text                                |
        | whose title contains half an emoji                           | the title is not text                                      |
        | whose title contains a character that cannot be stored       | the title contains a character that cannot be stored       |
        | whose description contains a character that cannot be stored | the description contains a character that cannot be stored |

      Examples: It makes no sense at all
        | mistake                              | reason            |
        | that is only a list                  | it cannot be read |
        | that is gibberish                    | it cannot be read |
        | written in letters that do not exist | it cannot be read |
        | that is nothing but brackets         | it cannot be read |
        | that is empty                        | it cannot be read |
