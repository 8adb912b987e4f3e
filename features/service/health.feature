Feature: The service says how it is doing
  As someone who runs the service
  I want to ask it whether it is up
  so that I notice an outage before its users do.

  Scenario: A running service says that it is well
    When I ask the service how it is doing
    Then it says that it is well
