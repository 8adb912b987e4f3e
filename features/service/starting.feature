Feature: Starting the service
  As someone who runs the service
  I want it to refuse to start when it is not safe
  so that nobody can sign in as someone else.

  Scenario Outline: A service without a secret of its own does not start
    When the service starts <how>
    Then it refuses, and keeps the secret to itself

    Examples: Not safe
      | how                             |
      | without a secret                |
      | with a secret that is too short |
