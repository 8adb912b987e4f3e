"""A WebSocket of httpx-ws reaches the app as a request does, is closed with its client, and its errors are seen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from httpx_ws import AsyncWebSocketSession, WebSocketUpgradeError, aconnect_ws
from httpx_ws import WebSocketDisconnect as Disconnected
from starlette.responses import PlainTextResponse

from accord.errors import UncommittedWorkError
from accord.isolation import websocket
from accord.isolation.outage import Outage
from accord.isolation.transport import Transport
from accord.running import Running


class Service:
    """A service, and what is observed of it."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.observed: list[tuple[str, int, str | None]] = []
        self.boundary: list[str] = []
        self.error: Exception | None = None

    def client(self, app: Any = None, **options: Any) -> httpx.AsyncClient:
        running = Running()
        transport = Transport(
            app or self.app,
            None,
            boundary=self._boundary,
            running=running,
            outage=Outage(running),
            checking=None,
            observe=self._observe,
            client=("127.0.0.1", 123),
            raise_server_exceptions=False,
        )
        return httpx.AsyncClient(transport=transport, base_url="http://test", **options)

    @asynccontextmanager
    async def _boundary(self, name: str) -> AsyncIterator[None]:
        if self.error is not None:
            raise self.error
        self.boundary.append(name)
        try:
            yield
        finally:
            self.boundary.remove(name)

    def _observe(self, request: httpx.Request, response: httpx.Response, *more: Any) -> None:
        self.observed.append((request.url.path, response.status_code, more[-1]))


@pytest.fixture
def service() -> Service:
    return Service()


def connected(
    url: str, client: httpx.AsyncClient, **options: Any
) -> AbstractAsyncContextManager[AsyncWebSocketSession]:
    return aconnect_ws(url, client, **options)


async def talk(client: httpx.AsyncClient, url: str = "http://test/ws", *texts: str, **options: Any) -> list[str]:
    """Return what is answered to each text."""
    answers = []
    async with connected(url, client, **options) as socket:
        for text in texts:
            await socket.send_text(text)
            answers.append(await socket.receive_text())
    return answers


def error_of(raised: pytest.ExceptionInfo[BaseException]) -> BaseException:
    """Return the one error that httpx-ws has in groups."""
    error: BaseException = raised.value
    while isinstance(error, BaseExceptionGroup):
        [error] = error.exceptions
    return error


@pytest.mark.parametrize("url", ["http://test/ws", "ws://test/ws", "/ws"])
async def test_an_app_answers_in_the_boundary_of_a_request(service: Service, url: str) -> None:
    disconnected = []

    @service.app.websocket("/ws")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        try:
            async for text in socket.iter_text():
                await socket.send_text(f"{text} in {service.boundary}")
        finally:
            disconnected.append(True)

    async with service.client() as client:
        assert await talk(client, url, "one", "two") == ["one in ['WS /ws']", "two in ['WS /ws']"]
    assert disconnected
    assert service.boundary == []
    assert service.observed == [("/ws", 101, None)]


async def test_a_socket_and_requests_are_served_at_once(service: Service) -> None:
    added = asyncio.Event()

    @service.app.websocket("/ws")
    async def wait(socket: WebSocket) -> None:
        await socket.accept(subprotocol="added.v1")
        await added.wait()
        await socket.send_json({"added": True})
        await socket.close()

    service.app.post("/tasks")(lambda: added.set())
    async with service.client() as client, connected("/ws", client, subprotocols=["x", "added.v1"]) as socket:
        assert socket.subprotocol == "added.v1"
        await client.post("/tasks")
        assert await socket.receive_json() == {"added": True}


async def test_headers_query_and_path_arrive(service: Service) -> None:
    @service.app.websocket("/rooms/{room}")
    async def say(socket: WebSocket, room: str, name: str) -> None:
        await socket.accept()
        await socket.receive_text()
        await socket.send_text(f"{room} {name} {socket.headers['authorization']}")

    async with service.client(headers={"Authorization": "Bearer x"}) as client:
        assert await talk(client, "/rooms/7?name=alice", "?") == ["7 alice Bearer x"]


@pytest.mark.parametrize("catches", [True, False])
async def test_a_handler_that_ends_by_the_clients_disconnect_has_not_failed(service: Service, catches: bool) -> None:
    @service.app.websocket("/ws")
    async def read(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.receive_text()
        except WebSocketDisconnect:
            if not catches:
                raise
            await socket.send_text("too late")

    async with service.client() as client:
        assert await talk(client) == []
    assert service.observed == [("/ws", 101, None)]


@pytest.mark.parametrize("when", ["before it is accepted", "while the client reads", "after the client has closed it"])
async def test_an_error_of_the_handler_fails_who_uses_the_socket(
    service: Service, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    @service.app.websocket("/ws")
    async def fail(socket: WebSocket) -> None:
        if when.startswith("before"):
            raise ValueError("out of ink")
        await socket.accept()
        with suppress(WebSocketDisconnect):
            await socket.receive_text()
        raise ValueError("out of ink")

    async with service.client() as client:
        with pytest.raises(httpx.RemoteProtocolError, match=r"^WS /ws broke off: the app raised ValueError: out"):
            await talk(client, "/ws", *(["?"] if when.startswith("while") else []))
    assert "WS /ws failed in the app" in caplog.text
    [(_path, status, traceback)] = service.observed
    assert status == (500 if when.startswith("before") else 101)
    assert traceback
    assert service.boundary == []


async def test_an_app_that_does_not_answer_fails_who_connects(service: Service) -> None:
    async def app(*_arguments: Any) -> None: ...

    async with service.client(app) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="the app returned before it accepted or refused it"):
            await talk(client)


async def test_what_the_boundary_raises_is_raised_where_one_connects(service: Service) -> None:
    service.error = UncommittedWorkError("The step left changes uncommitted.")
    async with service.client() as client:
        with pytest.raises(UncommittedWorkError):
            await talk(client)


async def test_a_socket_that_is_refused_is_refused_as_httpx_ws_has_it(service: Service) -> None:
    @service.app.websocket("/ws")
    async def refuse(socket: WebSocket) -> None:
        await socket.close(code=1008, reason="sign in")

    @service.app.websocket("/denied")
    async def deny(socket: WebSocket) -> None:
        await socket.send_denial_response(PlainTextResponse("sign in", status_code=401))

    async with service.client() as client:
        with pytest.raises(Disconnected) as refused:
            await talk(client)
        assert refused.value.code == 1008
        with pytest.raises(WebSocketUpgradeError) as denied:
            await talk(client, "/denied")
        assert denied.value.response.status_code == 401
    assert [status for _path, status, _traceback in service.observed] == [403, 401]


async def test_a_handler_that_does_not_end_with_its_client_is_cancelled(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "GRACE_SECONDS", 0.01)

    @service.app.websocket("/ws")
    async def stay(socket: WebSocket) -> None:
        await socket.accept()
        await asyncio.Event().wait()

    async with service.client() as client:
        await talk(client)
    assert service.boundary == []


async def test_the_timeout_of_a_client_is_for_the_answer_to_its_upgrade(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "GRACE_SECONDS", 0.01)

    @service.app.websocket("/ws")
    async def wait(_socket: WebSocket) -> None:
        await asyncio.Event().wait()

    async with service.client(timeout=0.05) as client:
        with pytest.raises(httpx.ReadTimeout, match=r"^WS /ws was neither accepted nor refused for 0.05 seconds"):
            await talk(client)


async def test_a_client_is_told_that_its_socket_is_closed_where_the_scenario_ends(service: Service) -> None:
    @service.app.websocket("/ws")
    async def stay(socket: WebSocket) -> None:
        await socket.accept()
        await asyncio.Event().wait()

    async def read(client: httpx.AsyncClient) -> None:
        async with connected("/ws", client) as socket:
            opened.set_result(socket)
            await socket.receive_text()

    opened = asyncio.get_running_loop().create_future()
    async with service.client() as client:
        reading = asyncio.create_task(read(client))
        socket: AsyncWebSocketSession = await opened
        [serving] = [task for task in asyncio.all_tasks() if task.get_name() == "request WS /ws"]
        serving.cancel()
        with pytest.raises(BaseExceptionGroup) as raised:
            await reading
    error = error_of(raised)
    assert isinstance(error, Disconnected)
    assert error.code == 1001
    assert socket.connection.state.name == "CLOSED"
