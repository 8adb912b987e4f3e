Feature: Answers
  Scenario: An answer is accepted
    When I answer a note that does not exist
    Then the answer is accepted
