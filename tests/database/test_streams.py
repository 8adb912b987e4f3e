"""Streams and WebSockets on the transaction of a scenario: each is a request, until it is complete or closed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
import pytest_asyncio
from fastapi import Depends, FastAPI, WebSocket
from httpx_ws import AsyncWebSocketSession, aconnect_ws
from sqlalchemy import Column, MetaData, Table, Text, event, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
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
    async for line in socket.iter_text():
        await db.execute(insert(LINES).values(text=line))
        await db.commit()
        await socket.send_text("written")


@app.get("/changes")
async def changes() -> StreamingResponse:
    """Show how many lines there are, now and after each change, by a session of its own."""

    async def events() -> AsyncIterator[str]:
        async with app.state.sessions() as session:
            while True:
                lines = len((await session.scalars(select(LINES.c.text))).all())
                await session.rollback()
                yield f"data: {lines}\n\n"
                await app.state.changed.wait()
                app.state.changed.clear()

    return StreamingResponse(events(), media_type="text/event-stream")


@app.get("/busy")
async def busy() -> StreamingResponse:
    """Send events between statements that take their time."""

    async def events() -> AsyncIterator[str]:
        async with app.state.sessions() as session:
            while True:
                yield "data: 1\n\n"
                await session.execute(text("SELECT pg_sleep(0.2)"))

    return StreamingResponse(events(), media_type="text/event-stream")


@app.post("/lines/{line}")
async def add(line: str) -> None:
    await _add(line)


@app.post("/later/{line}")
async def add_later(line: str) -> None:
    app.state.task = asyncio.create_task(_add(line))


async def _add(line: str) -> None:
    async with app.state.sessions() as session:
        await session.execute(insert(LINES).values(text=line))
        await session.commit()
    app.state.changed.set()


@pytest_asyncio.fixture(scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with engine_with(TABLES, database_url) as engine:
        yield engine


@pytest_asyncio.fixture
async def client(engine: AsyncEngine, isolation: Isolation) -> AsyncIterator[httpx.AsyncClient]:
    app.dependency_overrides[get_session] = isolation.request_session
    app.state.sessions, app.state.changed = async_sessionmaker(engine), asyncio.Event()
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
        for line in ("one", "two"):
            await socket.send_text(line)
            assert await socket.receive_text() == "written"
    assert (await client.get("/lines")).json() == ["one", "two"]


async def test_a_stream_shows_what_other_requests_commit_meanwhile(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/changes") as response:
        lines = response.aiter_lines()
        assert [await anext(lines), await anext(lines)] == ["data: 0", ""]
        await client.post("/lines/one")
        assert [await anext(lines), await anext(lines)] == ["data: 1", ""]
    assert (await client.get("/lines")).json() == ["one"]


async def test_requests_commit_while_a_socket_is_open(client: httpx.AsyncClient) -> None:
    async with aconnect_ws("/ws", client, session_class=AsyncWebSocketSession) as socket:
        await client.post("/lines/one")
        await socket.send_text("two")
        await socket.receive_text()
        assert (await client.get("/lines")).json() == ["one", "two"]
    assert (await client.get("/lines")).json() == ["one", "two"]


async def test_a_stream_that_is_closed_while_a_statement_runs_leaves_the_connection_to_the_next_request(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    begun = asyncio.Event()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "pg_sleep" in statement:
            begun.set()

    await client.post("/lines/one")
    event.listen(engine.sync_engine, "before_cursor_execute", note)
    async with client.stream("GET", "/busy") as response:
        assert await anext(response.aiter_lines()) == "data: 1"
        await begun.wait()
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    assert (await client.get("/lines")).json() == ["one"]


async def test_what_a_request_leaves_a_task_to_do_is_done_in_the_scenario(client: httpx.AsyncClient) -> None:
    await client.post("/later/one")
    await app.state.task
    assert (await client.get("/lines")).json() == ["one"]


async def test_what_a_task_does_after_the_steps_is_gone_with_the_scenario(client: httpx.AsyncClient) -> None:
    assert (await client.get("/lines")).json() == []
    # Awaited when this test is over.
    await client.post("/later/one")


async def test_nothing_of_it_is_left(client: httpx.AsyncClient) -> None:
    assert (await client.get("/lines")).json() == []
