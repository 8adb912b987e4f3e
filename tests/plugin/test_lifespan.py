"""The app is started up and shut down once a run, unless the configuration says otherwise."""

import pytest

from tests.helpers.project import SETTINGS, Project

SERVICE = """
import accord
from contextlib import asynccontextmanager
from fastapi import FastAPI

DONE = []

@asynccontextmanager
async def start_and_stop(_app):
    DONE.append("started")
    yield
    DONE.append("stopped")

app = FastAPI(lifespan=start_and_stop)

@app.get("/")
async def done(): return DONE

@pytest.fixture(scope="session", autouse=True)
def said():
    yield
    print("done:", DONE, "end")

@pytest.fixture(scope="session")
async def client(isolation, said):
    import httpx
    async with accord.lifespan(app) as started:
        async with httpx.AsyncClient(transport=isolation.transport(started), base_url="http://test") as client:
            yield client

@then("it is used")
async def _(client):
    print("used:", (await client.get("/")).json(), "end")
"""


@pytest.mark.parametrize(
    ("setting", "used", "done"),
    [
        ("", ["started"], ["started", "stopped"]),
        ("accord_lifespan = on", ["started"], ["started", "stopped"]),
        ("accord_lifespan = off", [], []),
        ("accord_lifespan = false", [], []),
    ],
)
def test_the_app_is_started_and_stopped_unless_that_is_off(
    project: Project, setting: str, used: list[str], done: list[str]
) -> None:
    project.settings(f"{SETTINGS}{setting}\n")
    project.scenario("Then it is used")
    project.steps(SERVICE)
    result = project.run("-s")
    result.assert_outcomes(passed=1)
    assert f"used: {used} end" in result.stdout.str()
    assert f"done: {done} end" in result.stdout.str()


def test_a_setting_that_is_neither_on_nor_off_is_an_error_before_the_run(project: Project) -> None:
    project.settings(f"{SETTINGS}accord_lifespan = of\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0] == "ERROR: accord_lifespan: invalid truth value 'of': write true or false."


def test_what_a_request_notes_in_its_state_is_not_there_in_the_next_and_what_the_startup_gave_is(
    project: Project,
) -> None:
    project.steps("""
    from contextlib import asynccontextmanager
    from fastapi import FastAPI, Request
    from httpx_ws import aconnect_ws
    from starlette.websockets import WebSocket

    @asynccontextmanager
    async def startup(_app):
        yield {"pool": ["from the startup"]}

    service = FastAPI(lifespan=startup)

    @service.get("/")
    async def note_user(request: Request) -> list[str]:
        before = getattr(request.state, "user", "nobody")
        request.state.user = "alice"
        return [before, *request.state.pool]

    @service.websocket("/ws")
    async def note_user_of_socket(socket: WebSocket) -> None:
        before = getattr(socket.state, "user", "nobody")
        socket.state.user = "alice"
        await socket.accept()
        await socket.send_json([before, *socket.state.pool])
        await socket.close()

    @pytest.fixture(scope="session")
    def app():
        return service

    @then("nobody is known")
    async def _(client):
        for _ in range(2):
            assert (await client.get("/")).json() == ["nobody", "from the startup"]
            async with aconnect_ws("/ws", client) as socket:
                assert await socket.receive_json() == ["nobody", "from the startup"]
    """)
    project.scenario("Then nobody is known")
    project.run("--accord-docs=").assert_outcomes(passed=1)
