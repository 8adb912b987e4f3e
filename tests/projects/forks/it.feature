Feature: It
  Scenario: it forks
    Given a row
    When it forks
    Then the child was ended

  Scenario: it forks and the child fails
    Given a row
    When it forks and the child fails
    Then the child was ended

  Scenario: it forks and the child exits
    Given a row
    When it forks and the child exits
    Then the child was ended

  Scenario: it forks and the child asks the database
    Given a row
    When it forks and the child asks the database
    Then the child was ended

  Scenario: a fixture forks
    Given a row
    When a fixture forks
    Then the child was ended

  Scenario: the app forks in /async
    Given a row
    When the app forks in /async
    Then the child was ended

  Scenario: the app forks in /thread
    Given a row
    When the app forks in /thread
    Then the child was ended

  Scenario: last
    Then a process of multiprocessing does its work
