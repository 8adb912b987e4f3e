Feature: Sharing recipes
  As a member of the club
  I want to share recipes
  so that others cook what I like.

  Scenario: A shared recipe is found by its words
    Given "Onion soup" is shared
    And "Apple pie" is shared
    When I look for "soup"
    Then I find "Onion soup"

  Scenario: A title is taken once
    Given "Onion soup" is shared
    When I share "Onion soup"
    Then I am told that there is one of that title

  Scenario: A recipe that was taken back is not found
    Given "Onion soup" is shared
    When I take "Onion soup" back
    Then "Onion soup" is not there
    And I find nothing

  Scenario: The title of a recipe that was taken back is free again
    Given "Onion soup" is shared
    And "Onion soup" was taken back
    When I share "Onion soup"
    Then I find "Onion soup"

  Scenario: What is not there cannot be taken back
    When I take a recipe back that is not there
    Then I am told that there is none
