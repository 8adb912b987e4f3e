Feature: It
  Scenario: One
    Given a sign-in
    Then it breaks
