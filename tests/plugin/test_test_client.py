"""Starlette's TestClient works beside Accord, for what needs no database: the app is on another event loop there."""

from tests.helpers.project import Project

# Starlette would have httpx2.
OLD_HTTPX = ["-W", "ignore:Using `httpx`"]
SERVICE = """
import contextlib
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient

DONE = []

@contextlib.asynccontextmanager
async def lifespan(_app):
    DONE.append("started")
    yield
    DONE.append("stopped")

app = FastAPI(lifespan=lifespan)

async def log():
    DONE.append("logged")

@app.post("/tasks")
async def create():
    app.state.task = asyncio.create_task(log())

@app.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept()
    await socket.send_text("hello")

@pytest.fixture
def test_client():
    with TestClient(app) as client:
        yield client
    assert DONE == ["started", "logged", "stopped"]

@then("it answers")
def _(test_client):
    assert test_client.post("/tasks").status_code == 200
    with test_client.websocket_connect("/ws") as socket:
        assert socket.receive_text() == "hello"

@then("it answers in an async step")
async def _(test_client):
    assert test_client.post("/tasks").status_code == 200
"""


def test_a_sync_step_may_use_a_test_client(project: Project) -> None:
    project.scenario("Then it answers")
    project.steps(SERVICE)
    project.run(*OLD_HTTPX).assert_outcomes(passed=1)


def test_an_async_step_may_use_a_test_client(project: Project) -> None:
    project.scenario("Then it answers in an async step")
    project.steps(SERVICE)
    project.run(*OLD_HTTPX).assert_outcomes(passed=1)
