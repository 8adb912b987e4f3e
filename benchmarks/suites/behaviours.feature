Feature: Things to do
  As someone with things to do
  I want them kept on a list
  So that I need not remember them

  Scenario: The service is up
    When someone asks how the service is
    Then it is up

  Scenario: A thing to do is noted
    Given something to do called "Buy milk"
    When it is noted
    Then it is on record
    And it goes by "Buy milk"

  Scenario: What was noted is listed
    Given "Buy milk" was noted
    When everything is listed
    Then the only entry is "Buy milk"

  Scenario: What was noted is looked up
    Given "Buy milk" was noted
    When it is looked up
    Then it is open
    And it goes by "Buy milk"

  Scenario: What nobody noted is not found
    When something unknown is looked up
    Then nothing is found

  Scenario: A thing to do is done
    Given "Buy milk" was noted
    When it is marked as done
    And it is looked up
    Then it is done

  Scenario: A thing to do is struck off
    Given "Buy milk" was noted
    When it is struck off
    And it is looked up
    Then nothing is found

  Scenario: A name of 200 characters is short enough
    Given something to do whose name has 200 characters
    When it is noted
    Then it is on record
    And its name has 200 characters

  Scenario: A name of 201 characters is too long
    Given something to do whose name has 201 characters
    When it is noted
    Then it is turned down

  Scenario: Someone who is signed in is known
    Given someone has an account and is signed in
    When they ask who they are
    Then they are told their name
    And they are told their address
