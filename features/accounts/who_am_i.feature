Feature: Who am I?
  As someone who is signed in
  I want the service to know who I am
  so that it shows me what is mine.

  Background:
    Given "alice" has an account
    And "bob" has an account

  Scenario: The service knows who is signed in
    Given "bob" is signed in
    When "bob" asks who they are
    Then they are told that they are "bob"

  Rule: Someone who is not signed in is asked to sign in

    Scenario Outline: What does not count as signed in
      When someone asks who they are <how>
      Then they are asked to sign in

      Examples: No token, or nothing like one
        | how                            |
        | without signing in             |
        | with an empty token            |
        | with a token of another kind   |
        | with a token that is gibberish |

      Examples: A token that we did not give out
        | how                                      |
        | with a token that another service signed |
        | with a token that nobody signed          |
        | with a token whose name was changed      |

      Examples: A token that says too little
        | how                                              |
        | with a token that names nobody                   |
        | with a token that never expires                  |
        | with a token that names someone who cannot exist |

      Examples: A token that says what ours never say
        | how                                             |
        | with a token that expires at an impossible time |
        | with a token that expires in a thousand years   |
        | with a token that claims more rights            |

    Scenario: Someone whose account is gone is no longer signed in
      Given "alice" is signed in
      And the account of "alice" was deleted
      When "alice" asks who they are
      Then they are asked to sign in

  Rule: A sign-in lasts half an hour

    Background:
      Given it is 09:00 on 1 March 2026
      And "alice" is signed in

    Scenario: Half an hour later, I am still signed in
      Given it is 09:30 on 1 March 2026
      When "alice" asks who they are
      Then they are told that they are "alice"

    Scenario: After more than half an hour, I have to sign in again
      Given it is 09:31 on 1 March 2026
      When "alice" asks who they are
      Then they are asked to sign in
