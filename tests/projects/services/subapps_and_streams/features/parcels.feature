Feature: Following parcels
  As somebody who waits for a parcel
  I want to know where it is
  so that I am at home when it comes.

  Scenario: Who gets a parcel is told so
    When a parcel is sent to Alice
    Then Alice got the letters "Your parcel is on its way"

  Scenario: Who got a parcel is told so
    Given a parcel was sent to Alice
    When it is delivered
    Then Alice got the letters "Your parcel is on its way, Your parcel is there"

  Scenario: A parcel is followed from place to place
    Given a parcel was sent to Alice
    When it is scanned in Hamburg
    And it is scanned in Berlin
    And Alice follows it
    Then she sees "Hamburg, Berlin"

  Scenario: It is seen at once where a parcel is
    Given a parcel was sent to Alice
    And Alice follows it
    When it is scanned in Hamburg
    Then she sees "Hamburg"

  Scenario: A parcel that nobody sent is not scanned
    When a parcel that nobody sent is scanned
    Then the scanner does not know it

  Scenario: A parcel that nobody sent is not delivered
    When a parcel that nobody sent is delivered
    Then there is no such parcel
