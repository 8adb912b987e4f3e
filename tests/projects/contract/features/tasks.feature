Feature: Tasks
  Scenario: One is found
    When I ask for /tasks/7
    Then I get 200

  Scenario: None is found
    When I ask for /tasks/4
    Then I get 404
