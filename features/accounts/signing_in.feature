Feature: Signing in
  As someone with an account
  I want to prove that I am who I say I am
  so that nobody else can pretend to be me.

  Background:
    Given "alice" has an account

  Scenario: The right password signs me in
    When "alice" signs in with the right password
    Then "alice" is signed in

  Scenario Outline: A name may be written in capitals or not
    When "<name>" signs in with the right password
    Then "alice" is signed in

    Examples: However it is written
      | name  |
      | Alice |
      | ALICE |

  Scenario: Everyone signs in as themselves
    Given "bob" has an account
    When "bob" signs in with the right password
    Then "bob" is signed in

  Scenario Outline: A password is the same however its letters are typed
    Given the password of "alice" has an é typed as <before>
    When "alice" enters the password with the é typed as <now>
    Then "alice" is signed in

    Examples: However the é was typed
      | before             | now                |
      | one letter         | an e and an accent |
      | an e and an accent | one letter         |
      | an e and an accent | an e and an accent |

  Scenario: Another letter makes another password
    Given the password of "alice" has an é typed as one letter
    When "alice" enters the password with the é typed as an e without an accent
    Then I am told that the name or the password is wrong

  Rule: Someone who is refused does not learn why

    Scenario Outline: Who is refused
      When <who> signs in with <password>
      Then I am told that the name or the password is wrong

      Examples: Refused
        | who      | password                                          |
        | "alice"  | a wrong password                                  |
        | "alice"  | the right password and a bit more                 |
        | "alice"  | the right password in capitals                    |
        | "alice"  | a character in the password that cannot be stored |
        | "alice"  | a character in the name that cannot be stored     |
        | "alice"  | a password of 5000 characters                     |
        | "nobody" | the right password                                |
        | "al%"    | the right password                                |

    Scenario: An unknown name is refused just as a wrong password is
      Given passwords are protected as in real use
      When "alice" and "nobody" sign in with a wrong password
      Then both are refused in the same words and in about the same time

    Scenario Outline: A sign-in that cannot be understood
      When "alice" signs in with <what>
      Then I am told that <reason>

      Examples: Refused
        | what                         | reason                  |
        | no password                  | the password is missing |
        | a password as long as a book | it is too long          |
        | gibberish                    | it cannot be read       |
