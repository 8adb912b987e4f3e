Feature: The notice that a task is completed
  As a team that works on the same tasks
  I want to hear when one is completed
  so that whoever waits for it can go on.

  Background:
    Given the task "Buy milk"

  Scenario: Others hear of a completed task
    Given others listen
    When I complete the task "Buy milk"
    Then others hear that the task "Buy milk" is completed

  Scenario: A task that is completed again is no news
    Given the task "Buy milk" was completed
    And others listen
    When I complete the task "Buy milk"
    Then others hear nothing

  Scenario: A task that is completed anew is news
    Given the task "Buy milk" was completed
    And the task "Buy milk" was reopened
    And others listen
    When I complete the task "Buy milk"
    Then others hear that the task "Buy milk" is completed

  Scenario Outline: Nothing else is news
    Given others listen
    When I <change>
    Then others hear nothing

    Examples: Changes
      | change                                                 |
      | create the task "Call Anna"                            |
      | change the title of the task "Buy milk" to "Buy oats"  |
      | change the description of the task "Buy milk" to "Two" |
      | reopen the task "Buy milk"                             |
      | delete the task "Buy milk"                             |

  Scenario: Nobody hears where nobody listens
    Given others do not listen
    When I complete the task "Buy milk"
    Then others hear nothing

  Scenario Outline: An outage does not lose the task
    Given others <do not hear>
    When I complete the task "Buy milk"
    Then the task "Buy milk" is completed
    And the outage of the notice is on record

    Examples: Outages
      | do not hear      |
      | are out of reach |
      | are out of order |
      | do not answer    |
