"""A service that answers what it was asked, and a suite that sends secrets to it and fails."""

import html
import json
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from pytest_bdd import then, when

app = FastAPI()
SECRETS = json.loads(Path(__file__).with_name("secrets.json").read_text(encoding="utf-8"))


@app.api_route("/{path:path}", methods=["GET", "POST"])
async def echo(path: str, request: Request) -> Response:
    body = await request.body()
    if path == "breaks":
        raise RuntimeError(f"cannot use {json.loads(body)}")
    return Response(body or b"none", media_type="text/plain")


@pytest.fixture
async def client(isolation):
    async with httpx.AsyncClient(transport=isolation.transport(app), base_url="http://test") as client:
        yield client


async def parts(body):
    yield body[:9]
    yield body[9:]


@when("each secret travels")
async def _(client):
    for secret in SECRETS:
        await client.get("/late/" + quote(secret, safe=""))
        await client.post("/", content=parts(json.dumps({"password": secret}).encode()))
        await client.post("/breaks", json={"token": secret})
        await client.post("/", content=html.escape(secret).encode())
        await client.get("/", headers={"X-Blob": quote(secret)}, params={"q": secret})


@then("none is told")
async def _(client):
    kept = [chr(number) for secret in SECRETS for number in map(ord, secret)]
    secrets = SECRETS
    assert secrets == kept, f"of {secrets!r} {secrets!a} {json.dumps(secrets)} and {secrets[0].upper()}"
