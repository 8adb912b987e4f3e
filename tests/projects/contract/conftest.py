"""A service with a document that it does not keep everywhere, and the steps that ask it."""

import httpx
import pytest_asyncio
from fastapi import FastAPI, HTTPException
from pytest_bdd import parsers, then, when

from accord import Contract

app = FastAPI()


@app.get("/health")
async def health() -> int:
    return 1


@app.get("/tasks/{number}", responses={404: {"model": dict[str, str]}})
async def read(number: int) -> int:
    if number == 4:
        raise HTTPException(404, "not found")
    return "wrong" if number == 5 else number


@pytest_asyncio.fixture
async def client(isolation):
    transport = isolation.transport(app, Contract(app.openapi()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@when(parsers.parse("I ask for {path}"), target_fixture="answer")
async def _(client, path):
    return await client.get(path)


@then(parsers.parse("I get {status:d}"))
async def _(answer, status):
    assert answer.status_code == status
