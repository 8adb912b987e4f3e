"""Streams and WebSockets on the transaction of a scenario: each is a request, until it is complete or closed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
import pytest_asyncio
from fastapi import Depends, FastAPI, WebSocket
from httpx_ws import AsyncWebSocketSession, aconnect_ws
from sqlalchemy import Column, MetaData, Table, Text, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from starlette.responses import StreamingResponse

from accord.isolation.isolation import Isolation
from tests.helpers.servers import engine_with

TABLES = MetaData()
LINES = Table("streams_lines", TABLES, Column("text", Text))


async def get_session() -> AsyncIterator[AsyncSession]:
    raise AssertionError("the fixture brings its own")
    yield


Database = Annotated[AsyncSession, Depends(get_session)]
app = FastAPI()


@app.get("/lines")
async def read(db: Database) -> list[str]:
    return list(await db.scalars(select(LINES.c.text)))


@app.get("/follow")
async def follow(db: Database) -> StreamingResponse:
    async def events() -> AsyncIterator[str]:
        for line in await db.scalars(select(LINES.c.text)):
            yield f"data: {line}\n\n"
        await asyncio.Event().wait()

    return StreamingResponse(events(), media_type="text/event-stream")


@app.post("/import")
async def write(db: Database, lines: int, fails: bool = False) -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        for number in range(lines):
            await db.execute(insert(LINES).values(text=f"line {number}"))
            yield f"{number}\n"
        if fails:
            raise ValueError("out of ink")
        await db.commit()

    return StreamingResponse(parts(), media_type="text/plain")


@app.websocket("/ws")
async def write_what_is_said(socket: WebSocket, db: Database) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await db.execute(insert(LINES).values(text=text))
        await db.commit()
        await socket.send_text("written")


@pytest_asyncio.fixture(scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with engine_with(TABLES, database_url) as engine:
        yield engine


@pytest_asyncio.fixture
async def client(engine: AsyncEngine, isolation: Isolation) -> AsyncIterator[httpx.AsyncClient]:
    app.dependency_overrides[get_session] = isolation.request_session
    async with (
        isolation.session(engine),
        httpx.AsyncClient(transport=isolation.transport(app), base_url="http://test") as client,
    ):
        yield client


async def test_what_a_stream_commits_is_seen_by_the_next_request(client: httpx.AsyncClient) -> None:
    assert (await client.post("/import", params={"lines": 2})).text == "0\n1\n"
    assert (await client.get("/lines")).json() == ["line 0", "line 1"]


async def test_a_stream_that_breaks_off_leaves_nothing(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="out of ink"):
        await client.post("/import", params={"lines": 2, "fails": True})
    assert (await client.get("/lines")).json() == []


async def test_a_stream_that_is_closed_early_leaves_the_connection_to_the_next_request(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/import", params={"lines": 3})
    for _ in range(2):
        async with client.stream("GET", "/follow") as response:
            lines = response.aiter_lines()
            assert [await anext(lines) for _ in range(3)] == ["data: line 0", "", "data: line 1"]
    assert len((await client.get("/lines")).json()) == 3


async def test_what_a_socket_commits_is_seen_by_the_next_request(client: httpx.AsyncClient) -> None:
    async with aconnect_ws("/ws", client, session_class=AsyncWebSocketSession) as socket:
        for text in ("one", "two"):
            await socket.send_text(text)
            assert await socket.receive_text() == "written"
    assert (await client.get("/lines")).json() == ["one", "two"]
