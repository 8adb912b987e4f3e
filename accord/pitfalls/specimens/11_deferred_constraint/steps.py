"""The database refuses the row, at a commit that never comes."""

from collections.abc import Callable

import httpx
from pytest_bdd import then, when

Ask = Callable[[str, str], httpx.Response]


@when("I answer a note that is not there", target_fixture="answer")
def _(ask: Ask) -> httpx.Response:
    return ask("POST", "/answers")


@then("the answer is accepted")
def _(answer: httpx.Response) -> None:
    assert answer.status_code == 200, "the answer is refused"
