"""The database refuses the row, at a commit that never comes."""

from collections.abc import Callable

import httpx
from pytest_bdd import then, when

Ask = Callable[[str, str], httpx.Response]


@when("I answer a note that does not exist", target_fixture="response")
def answer_missing_note(ask: Ask) -> httpx.Response:
    return ask("POST", "/answers")


@then("the answer is accepted")
def assert_accepted(response: httpx.Response) -> None:
    assert response.status_code == 200, "the answer is refused"
