Feature: Signing up for events
  As a visitor
  I want a seat at an event
  so that I need not stand.

  Background:
    Given the event "jazz-night" has 2 seats

  Scenario: A seat is taken
    When Alice signs up for "jazz-night"
    Then 1 seat of "jazz-night" is taken

  Scenario: Nobody takes two seats
    Given Alice has signed up for "jazz-night"
    When Alice signs up for "jazz-night"
    Then she is told that she has a seat already
    And 1 seat of "jazz-night" is taken

  Scenario: There are no more visitors than seats
    Given Alice has signed up for "jazz-night"
    And Bob has signed up for "jazz-night"
    When Carol signs up for "jazz-night"
    Then she is told that it is sold out

  Scenario: Nobody signs up for an event that is not announced
    When Alice signs up for "opera"
    Then she is told that there is no such event

  Scenario: Only the desk announces events
    When a visitor announces "opera"
    Then the visitor is turned away
