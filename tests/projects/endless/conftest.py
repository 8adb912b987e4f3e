"""A suite of the service that never ends; the tests add steps of their own."""

# Some are for the steps that the tests add.
import multiprocessing  # noqa: F401
import subprocess  # noqa: F401
import sys  # noqa: F401
import threading  # noqa: F401
import time  # noqa: F401

import httpx  # noqa: F401
import pytest
from pytest_bdd import parsers, then, when
from service import client_of


@pytest.fixture
async def client(isolation):
    async with client_of(isolation) as client:
        yield client


@when(parsers.parse('I ask for "{path}"'))
async def _(client, path):
    await client.get(path)


@then("the service answers")
async def _(client):
    assert (await client.get("/ok")).json() == "ok"


@then("all is well")
async def _(): ...
