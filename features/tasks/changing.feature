Feature: Changing a task
  As someone whose plans change
  I want to change what a task says
  so that the list says what I mean.

  Scenario: A task that does not exist cannot be changed
    When I change a task that does not exist
    Then I am told that there is no such task

  Rule: Whatever is not changed stays as it was

    Background:
      Given it is 09:30 on 1 March 2026
      And the task "Buy milk" described as "Two bottles"
      And the task "Buy milk" was completed
      And it is 18:00 on 2 March 2026

    Scenario: A new title leaves everything else as it was
      When I change the title of the task "Buy milk" to "Buy oat milk"
      Then only the title of the task "Buy milk" has changed, to "Buy oat milk"

    Scenario: A new description leaves everything else as it was
      When I change the description of the task "Buy milk" to "Three bottles"
      Then only the description of the task "Buy milk" has changed, to "Three bottles"

    Scenario: A description can be removed
      When I remove the description of the task "Buy milk"
      Then only the description of the task "Buy milk" is gone

    Scenario: Changing nothing leaves the task as it was
      When I change nothing about the task "Buy milk"
      Then the task "Buy milk" is as it was

    Scenario: Other tasks stay as they were
      Given the task "Call Anna"
      When I change the title of the task "Buy milk" to "Buy oat milk"
      Then the list shows "Buy oat milk, Call Anna"

  Rule: A changed task follows the rules for a new one

    Background:
      Given the task "Buy milk"

    Scenario: Spaces around a new title are dropped
      When I change the title of the task "Buy milk" to "  Buy oat milk "
      Then only the title of the task "Buy milk" has changed, to "Buy oat milk"

    Scenario Outline: A change that is refused
      When I change the task "Buy milk" to one <mistake>
      Then I am told that <reason>
      And the task "Buy milk" is as it was

      Examples: Refused
        | mistake                                                | reason                                               |
        | with a title of 0 characters                           | the title is blank                                   |
        | with a title of three spaces                           | the title is blank                                   |
        | with a title of 201 characters                         | the title is too long                                |
        | with a description of 2001 characters                  | the description is too long                          |
        | whose title is nothing                                 | the title is not text                                |
        | whose title is a number                                | the title is not text                                |
        | whose title contains a character that cannot be stored | the title contains a character that cannot be stored |
        | whose description contains half an emoji               | the description is not text                          |
        | with an unknown field                                  | there is no such field                               |
        | whose state is "perhaps"                               | a task is either open or completed                   |
        | whose state is a number                                | a task is either open or completed                   |
        | whose state is nothing                                 | a task is either open or completed                   |
        | with far too many fields                               | there are too many fields                            |
        | as long as a book                                      | it is too long                                       |
        | that is gibberish                                      | it cannot be read                                    |

    Scenario Outline: The title and the description may be as long as those of a new task
      When I change the task "Buy milk" to one <change>
      Then the change is accepted

      Examples: Accepted
        | change                                |
        | with a title of 200 characters        |
        | with a description of 2000 characters |
