"""A service that is signed in to, and a suite that sends secrets to it and to the database."""

import os

import httpx
import pytest
from fastapi import FastAPI
from pytest_bdd import given, then
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from accord import Contract

app = FastAPI()


@app.post("/sign-in")
async def sign_in(body: dict) -> dict:
    return {"access_token": "abc.def.ghi", "user": {"name": body["name"], "pin": body.get("pin")}}


@app.get("/breaks")
async def breaks() -> None:
    raise RuntimeError("out of order")


@pytest.fixture
async def client(isolation):
    transport = isolation.transport(app, Contract(app.openapi()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
async def db(isolation, database_url):
    engine = create_async_engine(database_url)
    async with isolation.session(engine) as session:
        yield session
    await engine.dispose()


@given("a query")
async def _(db):
    await db.execute(text("SELECT upper(:secret), 'hunter2!', 4711 -- hunter2!"), {"secret": "hunter2!"})


@given("an error")
async def _(db):
    secret = os.environ["OF_MINE"]
    await db.execute(text("CREATE TABLE a (b text UNIQUE)"))
    for _ in range(2):
        await db.execute(text(f"INSERT INTO a VALUES (:secret) -- {secret}"), {"secret": secret})


@given("a sign-in")
async def _(client):
    await client.post("/sign-in", json={"name": "alice", "password": "hunter2!"})


@then("it holds")
async def _(): ...


@then("it breaks")
async def _():
    assert 1 == 2, "one is not two"
