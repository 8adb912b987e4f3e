"""The service does right: each request has a session of its own."""

import asyncio
from collections.abc import Callable

import httpx
from pytest_bdd import then, when


@when("two people write down a note at once")
def write_down_at_once(client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
    async def both() -> None:
        await asyncio.gather(client.post("/notes/milk"), client.post("/notes/bread"))

    loop.run_until_complete(both())


@then("the list shows both")
def assert_both_listed(ask: Callable[[str, str], httpx.Response]) -> None:
    assert sorted(ask("GET", "/notes").json()) == ["bread", "milk"], "a note is lost"
