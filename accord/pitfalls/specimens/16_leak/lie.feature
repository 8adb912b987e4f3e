Feature: Greetings
  Scenario: A greeting can be chosen
    Given the greeting is "Good day"
    Then I am greeted

  Scenario: Someone is greeted without choosing
    Then I am greeted
