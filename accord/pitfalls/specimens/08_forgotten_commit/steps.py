"""The handler forgets to commit."""

from collections.abc import Callable

import httpx
from pytest_bdd import then, when

Ask = Callable[[str, str], httpx.Response]


@when('I write down "milk"')
def write_down(ask: Ask) -> None:
    assert ask("POST", "/forgotten/milk").status_code == 200


@then('the list shows "milk"')
def assert_listed(ask: Ask) -> None:
    assert ask("GET", "/notes").json() == ["milk"], "the note is gone"
