Feature: What a title may be
  As someone who reads a list of tasks
  I want each to have a title that I can read at a glance
  so that I know what is to be done.

  Rule: A title is 1 to 200 characters long

    Scenario Outline: How long a title may be
      When I create a task with a title of <length>
      Then the task is <outcome>

      Examples: Accepted
        | length         | outcome     |
        | 1 character    | on the list |
        | 200 characters | on the list |

      Examples: Refused
        | length         | outcome                        |
        | 0 characters   | refused: the title is blank    |
        | 201 characters | refused: the title is too long |

  Rule: A title has at least one visible character

    Scenario Outline: A title without a visible character
      When I create a task with a title of <text>
      Then the task is refused: the title is blank

      Examples: Refused
        | text                 |
        | one space            |
        | three spaces         |
        | a tab                |
        | a line break         |
        | invisible characters |

  Rule: Spaces around a title do not count

    Scenario: Spaces around a title are dropped
      When I create the task "   Buy milk  "
      Then the task "Buy milk" is on the list

    Scenario: Spaces around a title do not make it too long
      When I create a task with a title of 200 characters and spaces around it
      Then the task is on the list

  Rule: A title may be written in any script

    Scenario Outline: Titles are kept to the letter
      When I create the task "<title>"
      Then the task "<title>" is on the list

      Examples: Scripts and symbols
        | title                          |
        | Brötchen für Zoë               |
        | 牛乳を買う                     |
        | اشتر الحليب                    |
        | Buy 🥛 and 🥐                  |
        | It's 100 % done; or is it?     |
        | Robert'); DROP TABLE tasks; -- |
        | <b>Buy</b> milk &amp; honey    |
