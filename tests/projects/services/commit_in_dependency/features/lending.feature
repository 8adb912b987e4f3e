Feature: Lending books
  As a member of the library
  I want to take books home
  so that I can read them in peace.

  Scenario: A book on the shelf can be borrowed
    Given the library has "Dune"
    And I am signed in as a member
    When I borrow "Dune"
    Then "Dune" is out on loan

  Scenario: A book that is out on loan has to be waited for
    Given the library has "Dune"
    And somebody else has borrowed "Dune"
    And I am signed in as a member
    When I borrow "Dune"
    Then I am told that it is out on loan

  Scenario: Only members borrow books
    Given the library has "Dune"
    When I borrow "Dune"
    Then I am asked to sign in
    And "Dune" is on the shelf

  Scenario: A book that the library does not have cannot be borrowed
    Given I am signed in as a member
    When I borrow a book that the library does not have
    Then I am told that there is no such book

  Scenario: An address belongs to one member
    Given I am signed in as a member
    When somebody registers with my address
    Then they are told that the address is taken
