"""The handler does right: it rolls back after the refusal, and answers so."""

from collections.abc import Callable

import httpx
from pytest_bdd import given, then, when

Ask = Callable[[str, str], httpx.Response]


@given('the note "milk"')
def _(ask: Ask) -> None:
    assert ask("POST", "/notes/milk").status_code == 200


@when('I write down "milk"')
def _(ask: Ask) -> None:
    assert ask("POST", "/notes/milk").status_code == 409


@then('the list shows "milk"')
def _(ask: Ask) -> None:
    assert ask("GET", "/notes").json() == ["milk"], "the note is gone"
