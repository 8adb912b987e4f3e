Feature: Changing a task
  As someone whose plans change
  I want to put a task differently
  so that the list says what I mean.

  Scenario: A task that does not exist cannot be changed
    When I change a task that does not exist
    Then I am told that there is no such task

  Rule: What one does not change stays as it was

    Background:
      Given it is 09:30 on 1 March 2026
      And the task "Buy milk" described as "Two bottles"
      And the task "Buy milk" was completed
      And it is 18:00 on 2 March 2026

    Scenario: A new title leaves all else as it was
      When I change the title of the task "Buy milk" to "Buy oat milk"
      Then only the title of the task "Buy milk" is changed, to "Buy oat milk"

    Scenario: A new description leaves all else as it was
      When I change the description of the task "Buy milk" to "Three bottles"
      Then only the description of the task "Buy milk" is changed, to "Three bottles"

    Scenario: A description can be taken away
      When I remove the description of the task "Buy milk"
      Then only the description of the task "Buy milk" is changed, to nothing

    Scenario: A change of nothing changes nothing
      When I change nothing about the task "Buy milk"
      Then the task "Buy milk" is as it was

    Scenario: Other tasks stay as they were
      Given the task "Call Anna"
      When I change the title of the task "Buy milk" to "Buy oat milk"
      Then the list shows "Buy oat milk, Call Anna"

  Rule: A changed task keeps to the rules of a new one

    Background:
      Given the task "Buy milk"

    Scenario: Blanks around a new title are left out
      When I change the title of the task "Buy milk" to "  Buy oat milk "
      Then only the title of the task "Buy milk" is changed, to "Buy oat milk"

    Scenario Outline: A change that is refused
      When I change the task "Buy milk" to one <mistake>
      Then I am told that <reason>
      And the task "Buy milk" is as it was

      Examples: Refused
        | mistake                                       | reason                                      |
        | with a title of 0 characters                  | the title is blank                          |
        | with a title of three spaces                  | the title is blank                          |
        | with a title of 201 characters                | the title is too long                       |
        | with a description of 2001 characters         | the description is too long                 |
        | whose title is nothing                        | the title is no text                        |
        | whose title is a number                       | the title is no text                        |
        | whose title has an unstorable character in it | the title has an unstorable character in it |
        | whose description has half an emoji in it     | the description is no text                  |
        | with a detail that nobody asks                | there is no such detail                     |
        | completed "perhaps"                           | it is completed or it is not                |
        | completed by a number                         | it is completed or it is not                |
        | completed by nothing                          | it is completed or it is not                |
        | with far too many details                     | there are too many                          |
        | that fills many books                         | it is too large                             |
        | that is no more than noise                    | it cannot be read                           |

    Scenario Outline: A title and a description may be as long as those of a new task
      When I change the task "Buy milk" to one <change>
      Then the change is accepted

      Examples: Accepted
        | change                                |
        | with a title of 200 characters        |
        | with a description of 2000 characters |
