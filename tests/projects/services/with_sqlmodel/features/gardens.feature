Feature: Keeping gardens
  As a gardener
  I want to know what grows where
  so that I water all of it.

  Scenario: What is planted grows in the garden
    Given the garden "Orchard"
    When I plant an apple tree in "Orchard"
    Then the apple tree grows in "Orchard"

  Scenario: A garden is described later
    Given the garden "Orchard"
    When I write down that the soil of "Orchard" is clay
    Then the soil of "Orchard" is clay
    And it is still called "Orchard"

  Scenario: What grew in a garden goes with it
    Given the garden "Orchard"
    And an apple tree grows in "Orchard"
    When I give "Orchard" up
    Then there is no such garden
    And nothing grows anywhere

  Scenario: Gardens are listed by their names
    Given the garden "Orchard"
    And the garden "Allotment"
    When I list the gardens
    Then they are "Allotment, Orchard"

  Scenario: A garden needs a name
    When I lay out a garden without a name
    Then I am told that its name is too short
