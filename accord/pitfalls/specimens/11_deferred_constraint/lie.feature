Feature: Answers
  Scenario: An answer is accepted
    When I answer a note that is not there
    Then the answer is accepted
