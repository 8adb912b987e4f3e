"""A suite of that service, without a database."""

import asyncio
from contextlib import suppress

import pytest
from httpx_ws import aconnect_ws
from pytest_bdd import given, parsers, then, when
from service import DONE, app, client_of

import accord
from accord.running import request_of
from accord.steps import background

background.SECONDS = 0.3
background.GRACE_SECONDS = 0.1


@pytest.fixture(scope="session")
async def started():
    async with accord.lifespan(app):
        yield


@pytest.fixture
async def client(isolation, started):
    DONE.clear()
    async with client_of(isolation) as client:
        yield client


@when(parsers.parse('I send "{path}"'))
async def _(client, path):
    await client.post(path)


@then("all is well")
def _(): ...


@then("a moment passes")
async def _():
    await asyncio.sleep(0.05)


@given("a socket that is open", target_fixture="socket")
async def _(client):
    async with aconnect_ws("/ws", client) as socket:
        yield socket
    assert DONE == ["closed"]


@pytest.fixture
async def left_open(client):
    opened = asyncio.get_running_loop().create_future()

    async def read():
        with suppress(BaseExceptionGroup):
            async with aconnect_ws("/ws", client) as socket:
                opened.set_result(socket)
                await socket.receive_text()

    reading = asyncio.create_task(read())
    await opened
    return reading


@given("a socket that nobody closes")
def _(left_open): ...


@given("a stream that nobody closes", target_fixture="stream")
async def _(client):
    return await client.send(client.build_request("GET", "/events"), stream=True)


@then("nothing of it is left")
async def _():
    served = {task.get_name() for task in asyncio.all_tasks() if request_of(task)}
    assert not served
