Feature: Reserving goods
  As a customer
  I want goods to be set aside for me
  so that they are still there when I come for them.

  Scenario: What is reserved is no longer available
    Given there are 5 lamps in stock
    When I reserve 2 lamps
    Then 3 lamps are available

  Scenario: No more is reserved than there is
    Given there are 5 lamps in stock
    And somebody has reserved 4 lamps
    When I reserve 2 lamps
    Then I am told that there are not enough
    And 1 lamp is available

  Scenario: Everything in stock may be reserved
    Given there are 5 lamps in stock
    When I reserve 5 lamps
    Then 0 lamps are available

  Scenario: What is not listed cannot be reserved
    When I reserve 1 lamp
    Then I am told that it is not listed

  Scenario: Goods are listed once
    Given there are 5 lamps in stock
    When lamps are listed again
    Then the stockroom says that they are listed already

  Scenario: The shop may show what is available
    Given there are 5 lamps in stock
    When the shop asks whether it may read the stock
    Then it may
