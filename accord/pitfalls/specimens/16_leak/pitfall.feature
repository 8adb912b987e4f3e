Feature: Greetings
  Scenario: A greeting can be chosen
    Given the greeting is "Good day"
    Then I am greeted

  Scenario: I am greeted without choosing a greeting
    Then I am greeted
