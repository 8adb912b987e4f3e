"""A user is told `Internal Server Error`; the test sees the Python exception."""

from collections.abc import Callable

import httpx
from pytest_bdd import then, when


@when("I halve 3", target_fixture="message")
def halve(ask: Callable[[str, str], httpx.Response]) -> str:
    try:
        return ask("GET", "/halves/3").text
    except ValueError as error:
        return str(error)


@then("I am told that it is odd")
def assert_told_odd(message: str) -> None:
    assert message == "3 is odd"
