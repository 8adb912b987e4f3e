Feature: Short links
  As somebody who hands out leaflets
  I want short links
  so that people can type them.

  Scenario: A short link leads to its page
    Given "menu" leads to "https://restaurant.example/menu"
    When a visitor follows "menu"
    Then the visitor gets to "https://restaurant.example/menu"

  Scenario: A short link that nobody made leads nowhere
    When a visitor follows "menu"
    Then the visitor is told that there is no such link

  Scenario: A short link is handed out once
    Given "menu" leads to "https://restaurant.example/menu"
    When I ask for "menu"
    Then I am told that it is taken

  Scenario: The links that are followed most come first
    Given "menu" leads to "https://restaurant.example/menu"
    And "map" leads to "https://restaurant.example/map"
    And "menu" is followed once
    And "map" is followed twice
    When I look at the most visited links
    Then they are "map, menu"

  Scenario: Nobody makes many links at once
    Given "menu" leads to "https://restaurant.example/menu"
    And "map" leads to "https://restaurant.example/map"
    And "news" leads to "https://restaurant.example/news"
    When I ask for "jobs"
    Then I am told to wait a minute
