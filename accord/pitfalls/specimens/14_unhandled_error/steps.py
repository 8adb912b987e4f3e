"""A user is told `Internal Server Error`; the test sees the Python exception."""

from collections.abc import Callable

import httpx
from pytest_bdd import then, when


@when("I halve 3", target_fixture="told")
def _(ask: Callable[[str, str], httpx.Response]) -> str:
    try:
        return ask("GET", "/halves/3").text
    except ValueError as error:
        return str(error)


@then("I am told that it is odd")
def _(told: str) -> None:
    assert told == "3 is odd"
