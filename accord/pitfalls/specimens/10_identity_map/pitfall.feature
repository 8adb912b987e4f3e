Feature: Prices
  Scenario: A price is kept to the last digit
    Given a note with the price 1.005
    Then its price is 1.005
