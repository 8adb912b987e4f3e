"""The service as whoever runs it sees it."""

import httpx
from pytest_bdd import then, when


@when("I ask the service how it is", target_fixture="answer")
async def _(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/health")


@then("it says that it is well")
async def _(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"}), f"it says: {answer.text}"
