Feature: It
  Scenario: One
    When each secret travels
    Then none is told
