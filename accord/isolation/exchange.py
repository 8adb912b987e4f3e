"""One request on its way through the app, as ASGI has it, and its response, which the client reads as it comes.

What a server does, uvicorn among them, is done here: a response begins when the app sends its status, the app waits
where the client reads more slowly than it sends, and what does not match its Content-Length, or ends half way, is no
response. See https://asgi.readthedocs.io/en/latest/specs/www.html.
"""

import asyncio
import sys
from collections import deque
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import httpx

from accord.basics.failures import named
from accord.compat.httpx import is_read_whole
from accord.compat.starlette import body_error

Message = MutableMapping[str, Any]

GRACE_SECONDS = 1
"""How long an app may take to end once the client has closed its response, and again once it is cancelled."""
MOST_UNREAD = 65_536
"""From how many bytes on that the client has not read yet the app waits, as asyncio has a server's connection wait."""

# What a client has that nobody gave a timeout.
_NOT_CHOSEN = httpx.Timeout(5).as_dict()


class Exchange(httpx.AsyncByteStream):
    """A request, what the app makes of it, and the body of its response as a stream.

    `receive` and `send` are for the app, `finish` and `recorded` for who serves it, and the rest is for the client.
    """

    def __init__(self, request: httpx.Request, client: tuple[str, int]) -> None:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        self.request = request
        self.name = f"{request.method} {request.url.path}"
        """As GET /tasks/7."""
        self.scope = {**scope_of(request, client), "type": "http", "http_version": "1.1", "method": request.method}
        """The ASGI scope: the app's router writes into it what it made of the path."""
        self.status: int | None = None
        """The status of the response, once it has begun."""
        self.is_complete = False
        """Whether the app has sent the whole response."""
        self.is_closed = False
        """Whether the client has closed the response before it was complete."""
        self.fault: str | None = None
        """Says how the response broke off, if it did."""
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._unread = deque[bytes]()
        self._unread_size = 0
        # How many bytes the response still has to have, if it says so.
        self._missing: int | None = None
        self._request_parts = request.stream.__aiter__()
        self._request_is_read = False
        self._seconds = read_seconds(request)
        self._limit: asyncio.Timeout | None = None
        # What ends the response of an event stream that is read whole.
        self._whole_until: float | None = None
        self._is_over = False
        # The app has sent something, or has ended.
        self._sent = asyncio.Event()
        # The client has read what there was.
        self._read = asyncio.Event()
        # The response is complete, or closed.
        self._ended = asyncio.Event()

    # For the app.

    async def receive(self) -> Message:
        """Return the next part of the request's body, and after that, once the response has ended, a disconnect."""
        self._renew()
        if self._request_is_read or self.is_closed:
            await self._ended.wait()
            return {"type": "http.disconnect"}
        try:
            part = await anext(self._request_parts)
        except StopAsyncIteration:
            self._request_is_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(self, message: Message) -> None:
        """Take a part of the response; once the client has closed it, nothing is taken any more.

        Raises RuntimeError for what is not in order, or not of the length that the response has in its headers.
        """
        while self._unread_size >= MOST_UNREAD and not self.is_closed:
            self._read.clear()
            await self._read.wait()
        if self.is_closed:
            # An app that sends without a pause could not be cancelled otherwise.
            await asyncio.sleep(0)
            return
        self._renew()
        expected = "http.response.start" if self.status is None else "http.response.body"
        if message["type"] != expected:
            raise RuntimeError(f'Expected the ASGI message "{expected}", but got "{message["type"]}".')
        if self.is_complete:
            raise RuntimeError("The response is complete already.")
        if self.status is None:
            self._start(message)
        else:
            self._add(message)
        self._sent.set()

    def _start(self, message: Message) -> None:
        self._headers = list(message.get("headers", []))
        # To HEAD, and with this status, the length is that of a body which is not sent (RFC 9110, 8.6).
        if self.request.method != "HEAD" and message["status"] != 304:
            lengths = [value for name, value in self._headers if name.lower() == b"content-length"]
            self._missing = int(lengths[0]) if lengths else None
        self.status = message["status"]

    def _add(self, message: Message) -> None:
        part = b"" if self.request.method == "HEAD" else bytes(message.get("body", b""))
        is_last = not message.get("more_body", False)
        if self._missing is not None:
            self._missing -= len(part)
            if self._missing < 0 or (is_last and self._missing):
                compared = "longer" if self._missing < 0 else "shorter"
                raise RuntimeError(f"The response is {compared} than its Content-Length.")
        if part:
            self._parts.append(part)
            self._unread.append(part)
            self._unread_size += len(part)
        if is_last:
            self.is_complete = True
            self._ended.set()

    # For whoever serves it.

    def finish(self, error: BaseException | None) -> None:
        """The app has returned, or raised an error: what has not begun is the 500 that a server sends."""
        if self.status is None and not self.is_closed:
            self.status, self.is_complete = 500, True
        raised = None if error is None else body_error(error)
        if raised is not None or not (self.is_complete or self.is_closed):
            raised = raised or error
            why = "the app returned before it was complete" if raised is None else f"the app raised {named(raised)}"
            size = sum(map(len, self._parts))
            self.fault = f"The response of {self.name} broke off after {size} bytes: {why}"
        self._ended.set()

    def recorded(self) -> httpx.Response:
        """Return the response, read, as far as the app has sent it."""
        assert self.status is not None, "the response has begun"
        content = b"".join(self._parts)
        headers = httpx.Headers(self._headers)
        try:
            response = httpx.Response(self.status, headers=headers, stream=httpx.ByteStream(content))
            response.read()
        except httpx.DecodingError:
            # The client will say so; here it is recorded as it came.
            del headers["content-encoding"]
            response = httpx.Response(self.status, headers=headers, stream=httpx.ByteStream(content))
            response.read()
        return response

    # For the client.

    async def begin(self, serving: "asyncio.Task[None]") -> httpx.Response:
        """Return the response once it has begun, while the app is served by this task; one that is complete is over.

        Raises what the task raises, and httpx.ReadTimeout.
        """
        __tracebackhide__ = True
        self._serving = serving
        serving.add_done_callback(lambda _: self._sent.set())
        while not serving.done() and (self.status is None or self.is_complete):
            await self._news(serving)
        # What came before it broke off can be read.
        if serving.done() and self.fault is None:
            self._end(serving)
        assert self.status is not None, "the task ends with a response or an error"
        return httpx.Response(self.status, headers=self._headers, stream=self)

    def __aiter__(self) -> "Exchange":
        """Return the body's parts."""
        is_of_events = httpx.Headers(self._headers).get("content-type", "").startswith("text/event-stream")
        if self._seconds is not None and is_of_events and is_read_whole(sys._getframe()):
            self._whole_until = asyncio.get_running_loop().time() + self._seconds
        return self

    async def __anext__(self) -> bytes:
        """Return the next part of the body. Raises what the task raises that serves the request, and ReadTimeout."""
        __tracebackhide__ = True
        serving = self._serving
        if self._whole_until is not None and asyncio.get_running_loop().time() > self._whole_until:
            await self._cut(serving)
            raise httpx.ReadTimeout(
                f"{self.name} is an event stream, and had not ended after {self._seconds:g} seconds, which its timeout "
                "allows: read it as it comes, by `client.stream`, or give it a longer timeout if it ends",
                request=self.request,
            )
        while not self._unread:
            if serving.done():
                self._end(serving)
                raise StopAsyncIteration
            await self._news(serving)
        part = self._unread.popleft()
        self._unread_size -= len(part)
        self._read.set()
        return part

    async def aclose(self) -> None:
        """Close the response: the app gets a disconnect, and is cancelled if it does not end by that."""
        __tracebackhide__ = True
        serving = self._serving
        if not serving.done():
            self._close()
            try:
                await asyncio.wait({serving}, timeout=GRACE_SECONDS)
            finally:
                serving.cancel()
            await asyncio.wait({serving}, timeout=GRACE_SECONDS)
        if serving.done() and not self._is_over:
            with suppress(asyncio.CancelledError):
                self._end(serving)

    def _end(self, serving: "asyncio.Task[None]") -> None:
        __tracebackhide__ = True
        self._is_over = True
        serving.result()

    def _close(self) -> None:
        self.is_closed = not self.is_complete
        self._ended.set()
        self._read.set()

    # Its argument is where the watchdog finds what is waited for.
    async def _news(self, serving: "asyncio.Task[None]") -> None:
        __tracebackhide__ = True
        self._sent.clear()
        try:
            # Over a network nobody waits for what an app does after its response.
            if self._seconds is None or self.is_complete:
                await self._sent.wait()
            else:
                async with asyncio.timeout(self._seconds) as self._limit:
                    await self._sent.wait()
        except TimeoutError:
            await self._cut(serving)
            raise httpx.ReadTimeout(
                f"{self.name} sent nothing for {self._seconds:g} seconds, which its timeout allows",
                request=self.request,
            ) from None
        except asyncio.CancelledError:
            await self._cut(serving)
            raise
        finally:
            self._limit = None

    async def _cut(self, serving: "asyncio.Task[None]") -> None:
        self._is_over = True
        self._close()
        serving.cancel()
        await asyncio.wait({serving}, timeout=GRACE_SECONDS)
        if serving.done() and not serving.cancelled():
            # It is taken, or asyncio would log that nobody has.
            serving.exception()

    def _renew(self) -> None:
        """Have the client wait for the next part as long as for the first."""
        if self._limit is not None and self._seconds is not None:
            self._limit.reschedule(asyncio.get_running_loop().time() + self._seconds)


def scope_of(request: httpx.Request, client: tuple[str, int]) -> dict[str, Any]:
    """Return what the ASGI scope of a request says, be it HTTP or a WebSocket's, that comes from this host and port."""
    return {
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": client,
        "root_path": "",
    }


def read_seconds(request: httpx.Request) -> float | None:
    """Return how long the client waits for a part of the response, or None where it was not asked to."""
    timeout = request.extensions.get("timeout", _NOT_CHOSEN)
    return None if timeout == _NOT_CHOSEN else timeout.get("read")
