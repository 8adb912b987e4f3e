@everywhere
Feature: Things
  Scenario: At the start
    Given a pen
    Then there are 1

  @slow
  Rule: They add up
    Scenario: Two of them
      Given a pen
      When I add ink
      Then there are 2

    @counted
    Scenario Outline: Any number
      Given a <first>
      When I add <second>
      Then there are <count>

      Examples: Right
        | first | second | count |
        | pen   | ink    | 2     |
        | cup   | tea    | 2     |

      @doubtful
      Examples: Wrong
        | first | second | count |
        | pen   | ink    | 3     |
