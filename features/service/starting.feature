Feature: Starting the service
  As someone who runs the service
  I want it to refuse to start when it is not safe, or could not do its work
  so that nobody can sign in as someone else, and I hear of a mistake at once.

  Scenario Outline: A service that is not set up as it should be does not start
    When the service starts <how>
    Then it refuses, naming the <what>, and tells no secret

    Examples: Not safe
      | how                             | what   |
      | without a secret                | secret |
      | with a secret that is too short | secret |

    Examples: Not complete
      | how                                 | what        |
      | with a mail server that has no name | mail server |
