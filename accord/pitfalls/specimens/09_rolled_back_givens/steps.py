"""The handler does right: it rolls back when the note already exists, and says so."""

from collections.abc import Callable

import httpx
from pytest_bdd import given, then, when

Ask = Callable[[str, str], httpx.Response]


@given('the note "milk"')
def create_note(ask: Ask) -> None:
    assert ask("POST", "/notes/milk").status_code == 200


@when('I write down "milk"')
def write_down(ask: Ask) -> None:
    assert ask("POST", "/notes/milk").status_code == 409


@then('the list shows "milk"')
def assert_listed(ask: Ask) -> None:
    assert ask("GET", "/notes").json() == ["milk"], "the note is gone"
