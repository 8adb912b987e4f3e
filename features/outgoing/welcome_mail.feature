Feature: The welcome mail
  As someone new
  I want a word of welcome in my mailbox
  so that I know that my account is ready.

  Scenario: Everyone who registers is welcomed
    Given mail is up
    When "alice" registers with the address "alice@example.com"
    Then "alice" is welcomed at "alice@example.com"

  Scenario: A mail server of our own takes mail unencrypted
    Given mail is sent unencrypted
    When "alice" registers with the address "alice@example.com"
    Then "alice" is welcomed at "alice@example.com"

  Scenario: Someone whose registration is refused gets no mail
    Given mail is up
    And "alice" has an account
    When "alice" registers with the address "other@example.com"
    Then no mail is sent

  Scenario: No mail is sent unless mail is set up
    Given mail is not set up
    When "alice" registers with the address "alice@example.com"
    Then no mail is sent

  Scenario: An account is not lost when mail is down
    Given mail is down
    When "alice" registers with the address "alice@example.com"
    Then "alice" has an account with the address "alice@example.com"
    And it is on record that the mail was not sent
