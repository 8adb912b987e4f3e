Feature: Starting the service
  As someone who runs the service
  I want it to refuse to start when it is not safe, or cannot do its work
  so that nobody can sign in as someone else, and I hear about a mistake at once.

  Scenario Outline: A service that is not set up properly does not start
    When the service starts <how>
    Then it refuses to start because of the <setting>, and gives no secret away

    Examples: Not safe
      | how                             | setting |
      | without a secret                | secret  |
      | with a secret that is too short | secret  |

    Examples: Not complete
      | how                                 | setting     |
      | with a mail server that has no name | mail server |
