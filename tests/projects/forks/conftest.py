"""A suite whose steps, fixtures and app fork processes that come back into the run."""

import multiprocessing
import os

import httpx
import pytest
from fastapi import FastAPI
from pytest_bdd import given, parsers, then, when
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

app = FastAPI()
child = None


def forked():
    global child
    return (child := os.fork()) == 0


@app.get("/async")
async def fork_async() -> None:
    forked()


@app.get("/thread")
def fork_in_thread() -> None:
    forked()


@pytest.fixture(scope="session")
async def engine(database_url):
    engine = create_async_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def db(engine, isolation):
    async with isolation.session(engine) as session:
        yield session


@pytest.fixture
def forking_fixture():
    forked()


@given("a row")
async def _(db):
    await db.execute(text("CREATE TEMPORARY TABLE it AS SELECT 1 AS number"))
    await db.commit()


@when("it forks")
def _():
    forked()


@when("it forks and the child fails")
def _():
    assert not forked(), "in the child"


@when("it forks and the child exits")
async def _():
    if forked():
        raise SystemExit(0)


@when("it forks and the child asks the database")
async def _(db):
    forked()
    assert await db.scalar(text("SELECT number FROM it")) == 1


@when("a fixture forks")
def _(forking_fixture): ...


@when(parsers.parse("the app forks in {path}"))
async def _(db, isolation, path):
    async with httpx.AsyncClient(transport=isolation.transport(app), base_url="http://it") as client:
        assert (await client.get(path)).status_code == 200


@then("the child was ended")
async def _(db):
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    assert await db.scalar(text("SELECT number FROM it")) == 1


def add(one, other):
    return one + other


@then("a process of multiprocessing does its work")
async def _():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(add, (1, 2)) == 3
