"""A suite whose ground gives way: server, connection, worker, disk, Ctrl-C."""

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest
from pytest_bdd import given, parsers, then, when
from service import Base, Note, app, get_session
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from accord import lifespan
from accord.database import address, provision
from accord.database.embedded import Cluster
from tests.helpers.servers import kill

# A shell that starts this in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
if home := os.environ.get("CLUSTER_HOME"):
    cluster = Cluster(Path(home), os.environ.get("CLUSTER_ACCOUNT"), tcp="CLUSTER_TCP" in os.environ)
    provision.cluster = lambda: cluster


def tell(what):
    with open("told", "w") as pipe:
        print(what, file=pipe)


@pytest.fixture(scope="session")
async def setup_db(database_url):
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()
    if home:
        Path(f"dropped-{os.getpid()}").touch()


@pytest.fixture
async def db_session(setup_db, isolation):
    async with isolation.session(setup_db) as session:
        yield session


@pytest.fixture
async def client(db_session, isolation):
    app.dependency_overrides[get_session] = isolation.request_session
    async with (
        lifespan(app) as started,
        httpx.AsyncClient(transport=isolation.transport(started), base_url="http://test") as client,
    ):
        yield client
    app.dependency_overrides.clear()


@pytest.fixture
async def lingering():
    yield
    tell("lingering")
    await asyncio.Event().wait()


@given(parsers.parse('the note "{note}"'))
async def _(db_session, note):
    db_session.add(Note(text=note))
    await db_session.commit()


@when(parsers.parse('I write "{note}"'))
async def _(client, note):
    assert (await client.post(f"/notes/{note}")).status_code == 200


@when("I write more than there is room for")
async def _(client):
    assert (await client.post("/much")).status_code == 200


@when("the server is killed")
async def _():
    kill(provision.cluster())


@when("I write more than there is room for in the log")
async def _(db_session):
    await db_session.execute(text("SELECT pg_logical_emit_message(true, '', repeat('x', 1 << 26))"))


def fill(path):
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))


@when("the disk fills up")
async def _():
    with pytest.raises(OSError, match="No space left"):
        fill(provision.cluster().directory / "filling")


@when("the connection is cut in a step")
async def _(db_session):
    await db_session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@when("the connection is cut in a request")
async def _(client):
    assert (await client.post("/cut")).status_code == 200


@when("the connection is cut by another")
async def _(db_session, database_url):
    backend = await db_session.scalar(text("SELECT pg_backend_pid()"))
    await db_session.commit()
    # As Accord does: whatever else connects is led to where the scenario is.
    another = await address.connect(make_url(database_url))
    await another.execute(f"SELECT pg_terminate_backend({backend}, 60000)")
    await another.close()


@when(parsers.parse("the app's {phase} {end:w}"))
def _(monkeypatch, phase, end):
    monkeypatch.setattr(app.state, phase, end, raising=False)


@when("the worker is killed")
async def _(db_session):
    os.kill(os.getpid(), signal.SIGKILL)


@when("I wait")
async def _(db_session):
    tell("waiting")
    await asyncio.Event().wait()


@when("I wait, and linger at the end")
async def _(db_session, lingering):
    tell("waiting")
    await asyncio.Event().wait()


@then(parsers.parse('the notes are "{notes}"'))
async def _(client, notes):
    answer = await client.get("/notes")
    assert answer.status_code == 200
    assert answer.json() == notes.split(", ")


@then("all is well")
async def _(): ...
