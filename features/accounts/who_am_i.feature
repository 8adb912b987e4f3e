Feature: Who am I?
  As someone who is signed in
  I want the service to know me
  so that it treats me as myself.

  Background:
    Given "alice" has an account
    And "bob" has an account

  Scenario: Whoever is signed in is known
    Given "bob" is signed in
    When "bob" asks who they are
    Then they are told that they are "bob"

  Rule: Whoever is not signed in is asked to

    Scenario Outline: What does not count as signed in
      When someone asks who they are <how>
      Then they are asked to sign in

      Examples: No pass, or no pass at all
        | how                           |
        | without signing in            |
        | with an empty pass            |
        | with a pass of another kind   |
        | with a pass that is gibberish |

      Examples: A pass that we did not give
        | how                                     |
        | with a pass that another service signed |
        | with a pass that nobody signed          |
        | with a pass whose name was changed      |

      Examples: A pass that says too little
        | how                               |
        | with a pass of no one             |
        | with a pass that never ends       |
        | with a pass of someone impossible |

      Examples: A pass that says what ours never say
        | how                                       |
        | with a pass that ends at no time          |
        | with a pass that ends in a thousand years |
        | with a pass that asks for more            |

    Scenario: A pass of an account that is gone
      Given "alice" is signed in
      And the account of "alice" was deleted
      When "alice" asks who they are
      Then they are asked to sign in

  Rule: A sign-in lasts half an hour

    Background:
      Given it is 09:00 on 1 March 2026
      And "alice" is signed in

    Scenario: A sign-in holds for half an hour
      Given it is 09:30 on 1 March 2026
      When "alice" asks who they are
      Then they are told that they are "alice"

    Scenario: After half an hour one signs in again
      Given it is 09:31 on 1 March 2026
      When "alice" asks who they are
      Then they are asked to sign in
