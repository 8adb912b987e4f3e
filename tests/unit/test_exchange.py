"""A response comes as the app sends it, ends when the client closes it, and is none where it breaks off."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import BackgroundTasks, FastAPI
from fastapi.sse import EventSourceResponse
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from accord.contract.check import Contract, Finding
from accord.contract.checking import Checking
from accord.contract.rules import Mode, Rules
from accord.errors import ContractViolationError
from accord.isolation import exchange
from accord.isolation.outage import Outage
from accord.isolation.transport import Transport
from accord.running import Running

EVENTS = "text/event-stream"
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Observed(NamedTuple):
    status: int
    content: bytes
    documented: str | None
    traceback: str | None


class Service:
    """A service, and what is observed of its responses."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.observed: list[Observed] = []
        self.checking = Checking(Rules(Mode.STRICT))
        self.open = 0

    def client(self, app: Any = None, contract: Contract | None = None, **options: Any) -> httpx.AsyncClient:
        running = Running()
        running.step = "The step"
        transport = Transport(
            app or self.app,
            contract,
            boundary=self._boundary,
            running=running,
            outage=Outage(running),
            checking=self.checking,
            observe=self._observe,
            client=("127.0.0.1", 123),
            raise_server_exceptions=False,
        )
        return httpx.AsyncClient(transport=transport, base_url="http://test", **options)

    def stream(self, parts: Callable[[], AsyncIterator[bytes] | Iterator[bytes]], media_type: str = EVENTS) -> None:
        """Have `GET /events` answer with what this yields."""

        @self.app.get("/events", responses={200: {"content": {EVENTS: {}}}}, response_class=StreamingResponse)
        async def events() -> StreamingResponse:
            return StreamingResponse(parts(), media_type=media_type)

    @asynccontextmanager
    async def _boundary(self, _name: str) -> AsyncIterator[None]:
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    def _observe(
        self, _request: Any, response: httpx.Response, _began: int, finding: Finding | None, _contract: Any, trace: Any
    ) -> None:
        documented = None if finding is None else finding.response
        self.observed.append(Observed(response.status_code, response.content, documented, trace))


@pytest.fixture
def service() -> Service:
    return Service()


async def forever() -> AsyncIterator[bytes]:
    while True:
        yield b"data: 1\n\n"
        await asyncio.sleep(0)


async def test_a_stream_without_an_end_gives_its_events_and_ends_when_it_is_closed(service: Service) -> None:
    service.stream(forever)
    async with service.client() as client:
        async with client.stream("GET", "/events") as response:
            lines = response.aiter_lines()
            assert [await anext(lines) for _ in range(4)] == ["data: 1", "", "data: 1", ""]
            assert service.open == 1
        assert service.open == 0


async def test_a_stream_shows_what_another_request_does_meanwhile(service: Service) -> None:
    added = asyncio.Event()

    async def events() -> AsyncIterator[bytes]:
        await added.wait()
        yield b"data: added\n\n"

    service.stream(events)
    service.app.post("/tasks")(lambda: added.set())
    async with service.client() as client, client.stream("GET", "/events") as response:
        await client.post("/tasks")
        assert await response.aread() == b"data: added\n\n"


async def test_an_app_is_told_that_its_client_has_gone(service: Service) -> None:
    told = []

    async def app(_scope: Any, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        while (message := await receive())["type"] == "http.request":
            pass
        told.append(message["type"])
        # As with a server, it is of no use to send more, and does no harm.
        await send({"type": "http.response.body", "body": b"more"})

    async with service.client(app) as client, client.stream("GET", "/"):
        assert told == []
    assert told == ["http.disconnect"]
    assert service.observed == [Observed(200, b"", None, None)]


async def test_an_app_that_does_not_end_when_its_client_has_gone_is_cancelled(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "GRACE_SECONDS", 0.01)
    cancelled = []

    async def app(_scope: Any, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"more", "more_body": True})
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async with service.client(app) as client, client.stream("GET", "/") as response:
        assert await anext(response.aiter_raw()) == b"more"
    assert cancelled
    assert service.open == 0


async def test_an_app_waits_for_a_client_that_reads_slowly(service: Service) -> None:
    sent = 0

    async def events() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 10_000

    service.stream(events)
    async with service.client() as client, client.stream("GET", "/events") as response:
        for _ in range(10):
            await asyncio.sleep(0)
        assert sent == 8
        await anext(response.aiter_raw())


async def test_a_stream_that_is_closed_early_is_recorded_as_far_as_it_came_and_covered(service: Service) -> None:
    service.stream(forever)
    async with (
        service.client(contract=Contract(service.app.openapi())) as client,
        client.stream("GET", "/events") as response,
    ):
        await anext(response.aiter_raw())
    [observed] = service.observed
    assert (observed.status, observed.documented) == (200, "GET /events 200")
    assert observed.content.startswith(b"data: 1\n\n")
    assert service.checking.coverage.responses["GET /events 200"]


async def test_a_stream_that_is_closed_early_is_held_against_the_contract_but_for_its_body(service: Service) -> None:
    service.stream(forever, "application/x-ndjson")
    async with service.client(contract=Contract(service.app.openapi())) as client:
        with pytest.raises(ContractViolationError, match=r"^The step got .* with application/x-ndjson, where .*event"):
            async with client.stream("GET", "/events") as response:
                await anext(response.aiter_raw())


async def test_half_a_document_is_no_violation(service: Service) -> None:
    @service.app.get("/numbers")
    async def numbers() -> list[int]:
        async def parts() -> AsyncIterator[bytes]:
            yield b"[1, 2, "
            await asyncio.Event().wait()

        return StreamingResponse(parts(), media_type="application/json")  # type: ignore[return-value]

    async with (
        service.client(contract=Contract(service.app.openapi())) as client,
        client.stream("GET", "/numbers") as response,
    ):
        assert await anext(response.aiter_text()) == "[1, 2, "


async def two_parts() -> AsyncIterator[bytes]:
    yield b"one "
    yield b"two"
    raise ValueError("out of ink")


async def slow_parts() -> AsyncIterator[bytes]:
    yield b"one "
    await asyncio.sleep(0.01)
    yield b"two"
    await asyncio.sleep(0.01)
    raise ValueError("out of ink")


def sync_parts() -> Iterator[bytes]:
    yield b"one "
    yield b"two"
    raise ValueError("out of ink")


class Passing(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


@pytest.mark.parametrize("middleware", [None, Passing])
@pytest.mark.parametrize("parts", [two_parts, slow_parts, sync_parts])
async def test_a_response_that_breaks_off_fails_who_reads_it_and_is_recorded(
    service: Service, parts: Any, middleware: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service.stream(parts)
    if middleware:
        service.app.add_middleware(middleware)
    said = r"^The response of GET /events broke off after 7 bytes: the app raised ValueError: out of ink$"
    async with service.client(contract=Contract(service.app.openapi())) as client:
        with pytest.raises(httpx.RemoteProtocolError, match=said) as error:
            await client.get("/events")
    assert error.value.request.url.path == "/events"
    [observed] = service.observed
    assert (observed.status, observed.content, observed.documented) == (200, b"one two", "GET /events 200")
    assert observed.traceback
    assert "ValueError: out of ink" in observed.traceback
    assert "GET /events failed in the app" in caplog.text
    assert service.open == 0


@pytest.mark.parametrize("response_class", [EventSourceResponse, None])
async def test_an_endpoint_that_yields_and_fails_breaks_its_response_off(service: Service, response_class: Any) -> None:
    async def events() -> AsyncIterable[int]:
        yield 1
        raise ValueError("out of ink")

    service.app.get("/events", **({"response_class": response_class} if response_class else {}))(events)
    async with service.client() as client:
        with pytest.raises(httpx.RemoteProtocolError, match=r"after \d+ bytes: the app raised ValueError: out of ink$"):
            await client.get("/events")


@pytest.mark.parametrize("middleware", [None, Passing])
async def test_an_error_after_the_response_is_recorded_and_the_response_stands(
    service: Service, middleware: Any
) -> None:
    async def fail() -> None:
        raise ValueError("out of ink")

    @service.app.get("/")
    async def answer(tasks: BackgroundTasks) -> str:
        tasks.add_task(fail)
        return "ok"

    if middleware:
        service.app.add_middleware(middleware)
    async with service.client() as client:
        assert (await client.get("/")).status_code == 200
    assert service.observed[0].traceback


@pytest.mark.parametrize("parts", [two_parts, slow_parts])
async def test_what_came_before_a_response_breaks_off_can_be_read(service: Service, parts: Any) -> None:
    service.stream(parts)
    read = []

    async def read_all(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/events") as response:
            async for part in response.aiter_raw():
                read.append(part)

    async with service.client() as client:
        with pytest.raises(httpx.RemoteProtocolError, match="out of ink"):
            await read_all(client)
    assert b"".join(read) == b"one two"


async def test_a_response_that_had_broken_off_when_it_is_closed_fails_who_closes_it(service: Service) -> None:
    service.stream(two_parts)
    async with service.client() as client:
        with pytest.raises(httpx.RemoteProtocolError, match="out of ink"):
            async with client.stream("GET", "/events"):
                await asyncio.sleep(0.01)


async def test_an_app_that_returns_before_its_response_is_complete_breaks_it_off(service: Service) -> None:
    async def app(_scope: Any, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})

    async with service.client(app) as client:
        with pytest.raises(httpx.RemoteProtocolError, match=r"GET / broke off after 3 bytes: the app returned before"):
            await client.get("/")


@pytest.mark.parametrize(("length", "compared"), [(b"4", "longer"), (b"9", "shorter")])
async def test_a_response_of_another_length_than_it_says_breaks_off(
    service: Service, length: bytes, compared: str
) -> None:
    async def app(_scope: Any, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": b"hello"})

    async with service.client(app) as client:
        with pytest.raises(httpx.RemoteProtocolError, match=f"RuntimeError: The response is {compared} than its"):
            await client.get("/")
        # The length of a body that is not sent.
        assert (await client.head("/")).headers["content-length"] == length.decode()


@pytest.mark.parametrize("error", [ValueError, TimeoutError, asyncio.CancelledError])
async def test_an_error_before_the_response_has_begun_is_a_500(service: Service, error: type[BaseException]) -> None:
    async def app(*_arguments: Any) -> None:
        raise error("out of ink")

    async with service.client(app) as client:
        assert (await client.get("/")).status_code == 500
    assert service.observed[0].traceback


async def test_an_app_that_returns_without_a_response_is_a_500(service: Service) -> None:
    async def app(*_arguments: Any) -> None: ...

    async with service.client(app) as client:
        assert (await client.get("/")).status_code == 500


async def test_a_response_is_complete_once_its_background_tasks_have_run(service: Service) -> None:
    done = []

    async def do() -> None:
        await asyncio.sleep(0.01)
        done.append(True)

    @service.app.get("/")
    async def answer(tasks: BackgroundTasks) -> str:
        tasks.add_task(do)
        return "ok"

    # However little the client waits: it has its response.
    async with service.client(timeout=0.005) as client:
        assert (await client.get("/")).json() == "ok"
        assert done


async def test_an_event_stream_that_is_read_whole_ends_by_the_clients_timeout(service: Service) -> None:
    service.stream(forever)
    said = r"^GET /events is an event stream, and had not ended after 0.1 seconds, .* by `client.stream`"
    async with service.client(timeout=0.1) as client:
        with pytest.raises(httpx.ReadTimeout, match=said):
            await client.get("/events")
    assert service.open == 0
    assert service.observed[0].content.startswith(b"data")


async def test_an_event_stream_that_is_read_as_it_comes_may_take_longer_than_the_clients_timeout(
    service: Service,
) -> None:
    async def events() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"data: 1\n\n"
            await asyncio.sleep(0.05)

    service.stream(events)
    async with service.client(timeout=0.2) as client, client.stream("GET", "/events") as response:
        assert [line async for line in response.aiter_lines() if line] == ["data: 1"] * 8


async def test_a_request_that_is_cancelled_ends_in_the_app(service: Service) -> None:
    cancelled = []

    @service.app.get("/")
    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    async with service.client() as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await client.get("/")
    assert cancelled
    assert service.open == 0


async def test_half_of_a_compressed_stream_is_recorded(service: Service) -> None:
    service.stream(forever, "text/plain")
    service.app.add_middleware(GZipMiddleware, minimum_size=1)
    async with service.client() as client, client.stream("GET", "/events") as response:
        await anext(response.aiter_raw())
    assert service.observed[0].status == 200


async def test_what_cannot_be_decoded_is_recorded_as_it_came(service: Service) -> None:
    @service.app.get("/")
    async def answer() -> Response:
        return Response(b"not gzip", headers={"content-encoding": "gzip"})

    async with service.client() as client:
        with pytest.raises(httpx.DecodingError):
            await client.get("/")
    assert service.observed[0].content == b"not gzip"
