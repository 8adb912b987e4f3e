"""A service that answers with what is asked for, and steps that ask as often as they say."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from fastapi import FastAPI, Response
from pytest_bdd import given, parsers, then, when

from accord import Isolation
from benchmarks.suites.exchanges import LARGE, SECRETS, SMALL, TASK

app = FastAPI()


@app.get("/large/{name}")
async def read_large(name: str) -> Response:
    """Answer with a large body."""
    content, media_type = LARGE[name]
    return Response(content, media_type=media_type)


@app.post("/tasks/", status_code=201)
async def create_task() -> dict[str, object]:
    """Answer as a service that keeps tasks."""
    return TASK


@app.post("/secrets")
async def store_secret() -> None:
    """Take a secret."""


@pytest_asyncio.fixture
async def client(isolation: Isolation) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service."""
    async with httpx.AsyncClient(transport=isolation.transport(app), base_url="http://test") as client:
        yield client


@given("ten secrets are known")
async def ten_secrets(client: httpx.AsyncClient) -> None:
    """Have them seen as passwords."""
    for secret in SECRETS:
        await client.post("/secrets", json={"password": secret})


@when(parsers.parse("{name} is exchanged {times:d} times"))
async def exchange(client: httpx.AsyncClient, name: str, times: int) -> None:
    """Ask for it."""
    for _ in range(times):
        if name in LARGE:
            await client.get(f"/large/{name}")
        else:
            await client.post("/tasks/", json={"title": "Buy milk"}, headers=SMALL[name])


@then("that is all")
async def nothing() -> None:
    """It is measured from outside."""
