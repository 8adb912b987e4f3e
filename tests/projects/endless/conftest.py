"""A suite of the service that never ends; the tests add steps of their own."""

# Some are for the steps that the tests add.
import multiprocessing  # noqa: F401
import subprocess  # noqa: F401
import sys  # noqa: F401
import threading  # noqa: F401
import time  # noqa: F401

import httpx  # noqa: F401
import pytest
from fastapi import FastAPI
from pytest_bdd import parsers, then, when
from service import client_of, never_starts, never_stops

import accord


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


@pytest.fixture(scope="session")
async def never_started():
    async with accord.lifespan(FastAPI(lifespan=never_starts)) as app:
        yield app


@pytest.fixture(scope="session")
async def never_stopped():
    async with accord.lifespan(FastAPI(lifespan=never_stops)) as app:
        yield app


@when("I use an app whose startup never ends")
async def _(never_started): ...


@when("I use an app whose shutdown never ends")
async def _(never_stopped): ...
