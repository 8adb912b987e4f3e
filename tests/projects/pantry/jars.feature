Feature: Jars
  Scenario: Jam
    When I put up jam
    Then there is jam alone

  Scenario: Honey
    When I put up honey
    Then there is honey alone
