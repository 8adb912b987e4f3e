Feature: The welcome mail
  As someone new
  I want a word of welcome in my mailbox
  so that I know that my account is there.

  Scenario: Whoever registers is welcomed
    Given mail goes out
    When "alice" registers with the address "alice@example.com"
    Then "alice" is welcomed at "alice@example.com"

  Scenario: A mail server in our own house takes mail in the open
    Given mail goes out in the open
    When "alice" registers with the address "alice@example.com"
    Then "alice" is welcomed at "alice@example.com"

  Scenario: Whoever is refused gets no mail
    Given mail goes out
    And "alice" has an account
    When "alice" registers with the address "other@example.com"
    Then no mail is sent

  Scenario: No mail is sent where none is set up
    Given mail is not set up
    When "alice" registers with the address "alice@example.com"
    Then no mail is sent

  Scenario: An outage of the mail does not lose the account
    Given mail is down
    When "alice" registers with the address "alice@example.com"
    Then "alice" has an account with the address "alice@example.com"
    And the outage of the mail is on record
