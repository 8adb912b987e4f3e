Feature: Registering
  As someone new
  I want an account of my own
  so that the service knows me.

  Scenario: Everyone who registers gets an account
    When "alice" registers with the address "alice@example.com"
    Then the registration is accepted
    And "alice" has an account with the address "alice@example.com"

  Scenario: Someone who has an account can sign in
    Given "alice" has an account
    When "alice" signs in with the right password
    Then "alice" is signed in

  Scenario: A password is stored so that nobody can read it
    When "alice" registers with the address "alice@example.com"
    Then nobody can read the password of "alice"

  Rule: A name and an address belong to one account

    Background:
      Given "alice" has an account

    Scenario Outline: A name that is taken
      When "<name>" registers with the address "other@example.com"
      Then the registration is refused: the name is taken

      Examples: However it is written
        | name  |
        | alice |
        | Alice |
        | ALICE |

    Scenario Outline: An address that is taken
      When "bob" registers with the address "<address>"
      Then the registration is refused: the address is taken

      Examples: However it is written
        | address           |
        | alice@example.com |
        | Alice@Example.COM |

    Scenario: Someone who had the name first keeps the account
      When "alice" registers with the address "other@example.com"
      Then "alice" has an account with the address "alice@example.com"

  Rule: A password is 8 to 128 characters long

    Scenario Outline: How long a password may be
      When someone registers with a password of <length> characters
      Then the registration is <outcome>

      Examples: Accepted
        | length | outcome  |
        | 8      | accepted |
        | 128    | accepted |

      Examples: Refused
        | length | outcome                            |
        | 7      | refused: the password is too short |
        | 129    | refused: the password is too long  |

    Scenario Outline: A letter counts once, however it is typed
      When someone registers with a password of <length> characters, each an é typed as <keys>
      Then the registration is <outcome>

      Examples: Accepted
        | length | keys               | outcome  |
        | 8      | an e and an accent | accepted |
        | 128    | an e and an accent | accepted |

      Examples: Refused
        | length | keys               | outcome                            |
        | 7      | an e and an accent | refused: the password is too short |
        | 129    | an e and an accent | refused: the password is too long  |

  Rule: A name is 1 to 50 plain letters, digits, dots, underscores and hyphens

    Scenario Outline: Which names are accepted
      When "<name>" registers with the address "someone@example.com"
      Then "<name>" has an account with the address "someone@example.com"

      Examples: Accepted
        | name                                               |
        | a                                                  |
        | Alice.B_2-c                                        |
        | aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee |

    Scenario Outline: Which names are refused
      When "<name>" registers with the address "someone@example.com"
      Then the registration is refused: the name is invalid

      Examples: Refused
        | name                                                |
        |                                                     |
        | two words                                           |
        | alice@home                                          |
        | zoë                                                 |
        | aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeef |

  Rule: An address is one that mail can be sent to

    Scenario Outline: Which addresses are refused
      When "alice" registers with the address "<address>"
      Then the registration is refused: the address is invalid

      Examples: Refused
        | address         |
        |                 |
        | alice           |
        | alice@          |
        | @example.com    |
        | alice@example   |
        | a b@example.com |
        | zoë@example.com |

  Rule: What cannot be understood is refused

    Scenario Outline: A registration that makes no sense
      When someone registers <mistake>
      Then the registration is refused: <reason>

      Examples: Refused
        | mistake                                                | reason                                                  |
        | without a name                                         | the name is missing                                     |
        | without an address                                     | the address is missing                                  |
        | without a password                                     | the password is missing                                 |
        | with an unknown field                                  | there is no such field                                  |
        | with a number as the password                          | the password is not text                                |
        | with a character in the password that cannot be stored | the password contains a character that cannot be stored |
        | with half an emoji in the password                     | the password is not text                                |
        | with far too many fields                               | there are too many fields                               |
        | with a password as long as a book                      | it is too long                                          |
        | with gibberish                                         | it cannot be read                                       |
