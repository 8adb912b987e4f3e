"""The transport from an httpx client to the app: in-process, and otherwise as over a network."""

import asyncio
import logging
import traceback
from collections.abc import Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from typing import Any

import httpx

from accord.basics.clock import now
from accord.contract.check import Contract
from accord.contract.coverage import Coverage
from accord.errors import ContractViolationError
from accord.isolation.observed_stream import ObservedStream
from accord.isolation.outage import Outage
from accord.isolation.work import SERVED
from accord.running import Running
from accord.timeouts.stacks import REQUEST
from accord.timeouts.watchdog import current as current_watchdog

logger = logging.getLogger(__name__)

# The ASGI scope of the request that is under way: the app's router writes into it what it made of the path.
_SCOPE: ContextVar[MutableMapping[str, Any]] = ContextVar("_SCOPE")
# What the app did not handle in the request that is under way.
_TRACEBACK: ContextVar[str | None] = ContextVar("_TRACEBACK", default=None)
# Has the client of the request that is under way wait for the next part as long as for the first.
_WAIT_ANEW: ContextVar[Callable[[], None]] = ContextVar("_WAIT_ANEW")
# What a client has that nobody gave a timeout.
_NOT_CHOSEN = httpx.Timeout(5).as_dict()


class Transport(httpx.ASGITransport):
    """Takes requests to the app, and checks its responses against the contract; see `Isolation.transport`.

    `boundary(name)` gives the context in which a request is served.
    """

    def __init__(
        self,
        app: Any,
        contract: Contract | None,
        *,
        boundary: Callable[[str], AbstractAsyncContextManager[None]],
        running: Running,
        outage: Outage,
        coverage: Coverage | None,
        observe: Callable[..., None],
    ) -> None:
        # A user would get the 500 as well; what is raised would reach the step instead.
        super().__init__(self._call_app, raise_app_exceptions=False)
        self._app = app
        self._contract = contract
        self._boundary = boundary
        self._running = running
        self._outage = outage
        self._coverage = coverage
        self._observe = observe

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the app, and return its response."""
        __tracebackhide__ = True
        name = f"{request.method} {request.url.path}"
        async with self._boundary(name):
            # A server gives each request a context of its own; what one sets there, the next does not see.
            return await asyncio.create_task(self._respond(request), name=REQUEST + name)

    async def _respond(self, request: httpx.Request) -> httpx.Response:
        __tracebackhide__ = True
        SERVED.set(f"{request.method} {request.url.path}")
        if isinstance(request.stream, httpx.SyncByteStream):
            # A form with files, which is read when it is sent; what comes as a stream is left one.
            await request.aread()
        elif isinstance(request.stream, httpx.AsyncByteStream) and not isinstance(request.stream, httpx.ByteStream):
            request.stream = ObservedStream(request.stream)
        began = now()
        try:
            async with asyncio.timeout(seconds := _read_seconds(request)) as limit:
                _WAIT_ANEW.set(lambda: limit.reschedule(seconds and asyncio.get_running_loop().time() + seconds))
                response = await super().handle_async_request(request)
        except TimeoutError:
            # A TimeoutError of the app's own.
            if not limit.expired():
                raise
            raise httpx.ReadTimeout(
                f"{request.method} {request.url.path} sent nothing for {seconds:g} seconds, which its timeout allows",
                request=request,
            ) from None
        if (watchdog := current_watchdog()) is not None:
            watchdog.limits.note_response()
        # First, since a response that was made without the database would be named for the wrong reason.
        self._outage.check()
        # A copy is read: the client may want to read the response as it comes.
        read = httpx.Response(response.status_code, headers=response.headers, stream=response.stream)
        await read.aread()
        documented = None
        try:
            documented = None if self._contract is None else self._check(self._contract, request, read)
        finally:
            # Also where the contract is broken: then most of all somebody wants to see the exchange.
            self._observe(request, read, began, documented, self._contract, _TRACEBACK.get())
        return response

    def _check(self, contract: Contract, request: httpx.Request, response: httpx.Response) -> str | None:
        __tracebackhide__ = True
        try:
            documented = contract.check(request, response, _SCOPE.get())
        except ContractViolationError as violation:
            raise ContractViolationError(
                f"{self._running.name} got a response that is not as documented: {violation}"
            ) from None
        if documented is not None and self._coverage is not None and self._running.step is not None:
            self._coverage.note(contract, documented)
        return documented

    async def _call_app(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Call the app, as an ASGI server does, and log what it does not handle."""
        _SCOPE.set(scope)
        wait_anew = _WAIT_ANEW.get()

        async def received() -> Any:
            wait_anew()
            return await receive()

        async def sent(message: Any) -> None:
            wait_anew()
            await send(message)

        try:
            await self._app(scope, received, sent)
        except Exception:
            self._outage.check()
            _TRACEBACK.set(traceback.format_exc())
            logger.exception("%s %s failed in the app", scope["method"], scope["path"])
            raise


def served_app() -> Any:
    """Return the app that serves the request which is under way, as Starlette's apps say; None outside of one."""
    scope = _SCOPE.get(None)
    return None if scope is None else scope.get("app")


def _read_seconds(request: httpx.Request) -> float | None:
    """Return how long the client waits for a part of the response, or None where it was not asked to."""
    timeout = request.extensions.get("timeout", _NOT_CHOSEN)
    return None if timeout == _NOT_CHOSEN else timeout.get("read")
