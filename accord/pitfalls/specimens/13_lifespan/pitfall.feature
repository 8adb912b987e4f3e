Feature: Starting
  Scenario: The service starts without a licence
    Then the list is empty
