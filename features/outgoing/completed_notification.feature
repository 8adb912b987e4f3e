Feature: The notification that a task is completed
  As a team that works on the same tasks
  I want to hear when one is completed
  so that someone who waits for it can carry on.

  Background:
    Given the task "Buy milk"

  Scenario: Others hear of a completed task
    Given others are listening
    When I complete the task "Buy milk"
    Then others hear that the task "Buy milk" is completed

  Scenario: A task that is completed again is no news
    Given the task "Buy milk" was completed
    And others are listening
    When I complete the task "Buy milk"
    Then others hear nothing

  Scenario: A task that is reopened and completed again is news
    Given the task "Buy milk" was completed
    And the task "Buy milk" was reopened
    And others are listening
    When I complete the task "Buy milk"
    Then others hear that the task "Buy milk" is completed

  Scenario Outline: Nothing else is news
    Given others are listening
    When I <change>
    Then others hear nothing

    Examples: Changes
      | change                                                 |
      | create the task "Call Anna"                            |
      | change the title of the task "Buy milk" to "Buy oats"  |
      | change the description of the task "Buy milk" to "Two" |
      | reopen the task "Buy milk"                             |
      | delete the task "Buy milk"                             |

  Scenario: Nobody hears anything when nobody is listening
    Given others are not listening
    When I complete the task "Buy milk"
    Then others hear nothing

  Scenario Outline: A task is completed even if others cannot be told
    Given others <are not told>
    When I complete the task "Buy milk"
    Then the task "Buy milk" is completed
    And it is on record that the notification was not delivered

    Examples: Outages
      | are not told                 |
      | cannot be reached            |
      | cannot take the notification |
      | do not answer                |
