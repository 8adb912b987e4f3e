"""A WebSocket between httpx-ws and the app, served as a request is.

See https://asgi.readthedocs.io/en/latest/specs/www.html#websocket.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import httpx

from accord.compat.httpx_ws import App, Message, Receive, Send, closed_errors, is_installed, network_stream
from accord.isolation.exchange import GRACE_SECONDS, read_seconds, scope_of

Start = Callable[[str, dict[str, Any], Coroutine[Any, Any, None]], "asyncio.Task[None]"]
"""Serves a request of that name and scope in a task."""

# What a server says to those whom it leaves, and what an app is told of a client that said nothing (RFC 6455, 7.4.1).
GOING_AWAY = 1001
ABNORMAL = 1006


def is_upgrade(request: httpx.Request) -> bool:
    """Return whether the request is one to open a WebSocket, and httpx-ws is there to do so."""
    return request.headers.get("upgrade", "").lower() == "websocket" and is_installed()


class WebSocket(httpx.AsyncByteStream):
    """A connection, as the stream of the response that opens it: it is closed with that.

    `receiving` and `sending` make what the app is called with of what httpx-ws has.
    """

    def __init__(self, request: httpx.Request, client: tuple[str, int], start: Start) -> None:
        self._start_serving = start
        self.request = request
        self.name = f"WS {request.url.path}"
        """As WS /ws."""
        protocols = request.headers.get("sec-websocket-protocol", "")
        self.scope = {
            **scope_of(request, client),
            "type": "websocket",
            "http_version": "1.1",
            "subprotocols": [it.strip() for it in protocols.split(",") if it.strip()],
            "extensions": {"websocket.http.response": {}},
        }
        """The ASGI scope."""
        self.error: Exception | None = None
        """What its handler raised, or the boundary in which it is served."""
        self.response = httpx.Response(500)
        """What a server would answer the request that opens it: 101, if the app accepts it."""
        self.is_answered = False
        """Whether the app has accepted or refused it."""
        self._closed_errors = closed_errors()
        self._is_over = False

    def receiving(self, receive: Receive) -> Receive:
        """Return what gives the app a disconnect also after the connection was closed."""

        async def receive_or_disconnect() -> Message:
            try:
                message = await receive()
            except self._closed_errors:
                message = {"type": "websocket.disconnect"}
            if message["type"] == "websocket.disconnect":
                message = {"code": ABNORMAL, **message}
            return message

        return receive_or_disconnect

    def sending(self, send: Send) -> Send:
        """Return what notes the app's answer. It raises OSError, as servers do, once the connection is closed."""

        async def note_and_send(message: Message) -> None:
            if not self.is_answered:
                self.is_answered = True
                status = {"websocket.accept": 101, "websocket.close": 403}.get(message["type"], 500)
                self.response = httpx.Response(message.get("status", status), headers=message.get("headers", []))
            if message["type"] == "websocket.close":
                message = {"code": 1000, "reason": "", **message}
            try:
                await send(message)
            except self._closed_errors:
                raise OSError("The client has closed the WebSocket.") from None

        return note_and_send

    async def connect(self, serve: App) -> httpx.Response:
        """Return the response that opens the connection, which `serve` has the app handle.

        Raises what httpx-ws has for a connection that the app refuses, httpx.ReadTimeout, and what is in `error`.
        """
        __tracebackhide__ = True
        seconds = read_seconds(self.request)
        self._stream = network_stream(serve, self.scope, self._start, seconds)
        try:
            _stream, accepted = await self._stream.__aenter__()
        except BaseException as error:
            await self.aclose()
            if isinstance(error.__cause__, TimeoutError):
                raise httpx.ReadTimeout(
                    f"{self.name} was neither accepted nor refused for {seconds:g} seconds, which its timeout allows",
                    request=self.request,
                ) from None
            raise
        headers = [tuple(line.split(": ", 1)) for line in accepted.decode().splitlines()[1:] if line]
        return httpx.Response(101, headers=headers, stream=self, extensions={"network_stream": self._stream})

    def _start(self, run: Callable[[], Awaitable[None]]) -> None:
        async def serve() -> None:
            # It takes each error, and has the client told of it.
            await run()
            if self.error is not None:
                raise self.error

        self._serving = self._start_serving(self.name, self.scope, serve())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield nothing: what comes over the connection is no body."""
        return
        yield b""

    async def aclose(self) -> None:
        """Close the connection: the app gets a disconnect, and is cancelled if it does not end by that.

        Raises what is in `error`.
        """
        __tracebackhide__ = True
        if not self._serving.done():
            await self._stream.aclose()
            try:
                await asyncio.wait({self._serving}, timeout=GRACE_SECONDS)
            finally:
                self._serving.cancel()
            await asyncio.wait({self._serving}, timeout=GRACE_SECONDS)
        if self._serving.done() and not self._is_over:
            self._is_over = True
            with suppress(asyncio.CancelledError):
                self._serving.result()
