"""The suite whose page is opened: some tasks, one of them broken, and what can be seen of it."""

from playwright.async_api import Page

from tests.helpers.recording import Outcome, exchange, har, text

CREATING = """
@tasks
Feature: Creating tasks
  As someone with things to do
  I want to write them down
  so that I need not remember them.

  Background:
    Given I am signed in

  Scenario: A new task starts out open
    When I create the task "Buy milk"
    Then the task "Buy milk" is open

  @ISSUE-123
  Scenario: A task may be described
    When I create a task from
      | title    | description   |
      | Buy milk | Two litres    |
    Then the task is described as
      '''
      Two litres
      '''

  Rule: A title is neither empty nor endless
    Scenario Outline: Titles
      When I create a task with a title of <length> characters
      Then it is <answer>

      Examples: Accepted
        | length | answer   |
        | 1      | accepted |
        | 200    | accepted |

      Examples: Refused
        | length | answer  |
        | 0      | refused |
        | 201    | refused |
""".replace("'''", '"""')

SIGNING_IN = """
@ISSUE-12
Feature: Signing in
  Scenario: A wrong password is refused
    When I sign in with a wrong password
    Then I am asked to try again

  Scenario: A lost password is replaced
    When I say that I lost my password
    Then I get a letter
"""

FEATURES = {"features/tasks/creating.feature": CREATING, "features/accounts/signing_in.feature": SIGNING_IN}
OUTCOMES = {
    'I create the task "Buy milk"': Outcome(
        attachments=[har(exchange("POST /tasks/", 201, '{"title":"Buy milk"}', '{"id":1,"title":"Buy milk"}'))]
    ),
    "I create a task with a title of 201 characters": Outcome(
        "FAILED",
        "the title is accepted\nassert 201 == 422",
        "steps/tasks.py:41: in created",
        [har(exchange("POST /tasks/", 201)), text("SELECT 1", "application/sql")],
    ),
    "I get a letter": Outcome("PENDING"),
}
OPENAPI = {
    "info": {"title": "Task service"},
    "paths": {"/tasks/": {"post": {"responses": {"201": {}, "422": {}}}}},
}


async def shown(page: Page) -> list[str]:
    """The names of the scenarios that can be seen."""
    return await page.locator("article:visible > :is(h4, h5)").all_text_contents()
