"""The request is never sent: `await` is forgotten."""

import httpx
from pytest_bdd import then, when


@when('I write down "milk"')
def write_down(client: httpx.AsyncClient) -> None:
    client.post("/notes/milk")


@then("nobody complains")
def assert_nothing() -> None:
    pass
