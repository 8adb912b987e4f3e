Feature: Claiming expenses
  As somebody who paid for the company
  I want to claim what I spent
  so that I get it back.

  Scenario: A claim starts as a draft
    When I claim 12.50 for "Taxi"
    Then my claim for "Taxi" is a draft

  Scenario: A claim that was submitted can be approved
    Given I claimed 12.50 for "Taxi"
    And my claim for "Taxi" was submitted
    When my claim for "Taxi" is approved
    Then my claim for "Taxi" is approved

  Scenario: A draft is not approved
    Given I claimed 12.50 for "Taxi"
    When my claim for "Taxi" is approved
    Then I am told that the claim is a draft
    And my claim for "Taxi" is a draft

  Scenario: Nothing is claimed for nothing
    When I claim 0.00 for "Taxi"
    Then I am told that the amount is too small
    And there are 0 claims

  Scenario: What nobody claimed is not submitted
    When a claim that nobody made is submitted
    Then there is no such claim

  Scenario: Claims are read page by page
    Given I claimed 12.50 for "Taxi"
    And I claimed 80.00 for "Hotel"
    And I claimed 9.90 for "Lunch"
    When I read the second page of two claims each
    Then it lists 1 claim of 3
