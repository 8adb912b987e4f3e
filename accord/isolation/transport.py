"""The transport from an httpx client to the app: in-process, and otherwise as over a network."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from accord.basics.clock import now
from accord.basics.failures import named, own_traceback
from accord.compat.httpx_ws import Receive, Send
from accord.compat.starlette import is_disconnect
from accord.contract.check import Contract, Finding
from accord.contract.checking import Checking
from accord.errors import ContractViolationError
from accord.isolation.exchange import Exchange
from accord.isolation.observed_stream import ObservedStream
from accord.isolation.outage import Outage
from accord.isolation.websocket import GOING_AWAY, WebSocket, is_upgrade
from accord.running import AT_PROMPT, SERVED, Running, Served
from accord.timeouts.stacks import REQUEST
from accord.timeouts.watchdog import current as current_watchdog

logger = logging.getLogger(__name__)


class Transport(httpx.AsyncBaseTransport):
    """Takes requests to the app, and checks its responses against the contract; see `Isolation.transport`.

    `boundary(name)` gives the context in which a request is served, until its response is complete or closed.
    """

    def __init__(
        self,
        app: Any,
        contract: Contract | None,
        *,
        boundary: Callable[[str], AbstractAsyncContextManager[None]],
        running: Running,
        outage: Outage,
        checking: Checking | None,
        observe: Callable[..., None],
        client: tuple[str, int],
        raise_server_exceptions: bool,
    ) -> None:
        self._app = app
        self._contract = contract
        self._boundary = boundary
        self._running = running
        self._outage = outage
        self._checking = checking
        self._observe = observe
        self._client = client
        self._raise_server_exceptions = raise_server_exceptions

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the app, and return its response, once that has begun."""
        __tracebackhide__ = True
        self._running.serving_loop = asyncio.get_running_loop()
        if is_upgrade(request):
            socket = WebSocket(request, self._client, _task)
            return await socket.connect(partial(self._serve_socket, socket))
        if isinstance(request.stream, httpx.SyncByteStream):
            # A form with files, which is read when it is sent; what comes as a stream is left one.
            await request.aread()
        elif isinstance(request.stream, httpx.AsyncByteStream) and not isinstance(request.stream, httpx.ByteStream):
            request.stream = ObservedStream(request.stream)
        exchange = Exchange(request, self._client)
        return await exchange.begin(_task(exchange.name, exchange.scope, self._serve(exchange)))

    async def _serve(self, exchange: Exchange) -> None:
        """Have the app serve a request, as an ASGI server does, and see what became of it."""
        __tracebackhide__ = True
        began = now()
        error: BaseException | None = None
        trace = None
        async with self._boundary(exchange.name):
            try:
                await self._app(exchange.scope, exchange.receive, exchange.send)
            except (Exception, asyncio.CancelledError) as raised:
                if _is_cancelled(raised):
                    if exchange.status is not None:
                        self._conclude(exchange, began, None, None)
                    raise
                self._outage.check()
                # A user would get the 500 as well; what is raised would reach the step instead.
                error, (_place, trace) = raised, own_traceback(raised, Path())
                if not AT_PROMPT.get():
                    self._running.app_errors.append(f"{exchange.name} failed in the app: {self._running.cause(raised)}")
                _log(exchange.name, raised)
            exchange.finish(error)
            if (watchdog := current_watchdog()) is not None:
                watchdog.limits.note_response()
            # First, since a response that was made without the database would be named for the wrong reason.
            self._outage.check()
            if error is not None and self._raise_server_exceptions:
                self._observe(exchange.request, exchange.recorded(), began, None, self._contract, trace)
                raise error
            self._conclude(exchange, began, error, trace)
            if exchange.fault is not None:
                raise httpx.RemoteProtocolError(exchange.fault, request=exchange.request)

    async def _serve_socket(self, socket: WebSocket, scope: Any, receive: Receive, send: Send) -> None:
        """Have the app handle a WebSocket, as an ASGI server does, and see what became of it."""
        try:
            async with self._boundary(socket.name):
                await self._handle_socket(socket, scope, receive, send)
        except Exception as error:
            socket.error = error
            raise

    async def _handle_socket(self, socket: WebSocket, scope: Any, receive: Receive, send: Send) -> None:
        began = now()
        fault = trace = None
        try:
            await self._app(scope, socket.receiving(receive), socket.sending(send))
            if not socket.is_answered:
                fault = "the app returned before it accepted or refused it"
        except Exception as raised:
            self._outage.check()
            if not is_disconnect(raised):
                fault, (_place, trace) = f"the app raised {named(raised)}", own_traceback(raised, Path())
                _log(socket.name, raised)
        except asyncio.CancelledError:
            # Nothing is sent where the client has closed it.
            with suppress(OSError):
                await socket.sending(send)({"type": "websocket.close", "code": GOING_AWAY})
            raise
        self._outage.check()
        self._observe(socket.request, socket.response, began, None, self._contract, trace)
        if fault is not None:
            raise httpx.RemoteProtocolError(f"{socket.name} broke off: {fault}", request=socket.request)

    def _conclude(self, exchange: Exchange, began: int, error: BaseException | None, trace: str | None) -> None:
        """Check a response against the contract, and have it observed."""
        __tracebackhide__ = True
        finding = None
        response = exchange.recorded()
        if (served := SERVED.get()) is not None:
            served.status = response.status_code
        try:
            finding = self._check(exchange, response, error)
        except ContractViolationError as violation:
            finding = violation.finding
            raise
        finally:
            # Also where the contract is broken: then most of all somebody wants to see the exchange.
            self._observe(exchange.request, response, began, finding, self._contract, trace)

    def _check(self, exchange: Exchange, response: httpx.Response, error: BaseException | None) -> Finding | None:
        __tracebackhide__ = True
        if self._contract is None or self._checking is None or AT_PROMPT.get():
            return None
        try:
            return self._checking.check(
                self._contract,
                exchange.request,
                response,
                exchange.scope,
                is_whole=exchange.is_complete and exchange.fault is None,
                counts=self._running.step is not None,
            )
        except ContractViolationError as violation:
            name = self._running.name
            said = f"{name} got a response that is not as documented: {violation}"
            if error is not None and response.is_server_error:
                # First of all one wants to know why.
                said = f"{self._running.cause(error)} in {name[0].lower()}{name[1:]}: {violation}"
            raise ContractViolationError(said, violation.finding) from None


def _task(name: str, scope: dict[str, Any], serving: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    """Serve a request in a task of its own."""
    served = Served(name, scope)
    # A server gives each request a context of its own; what one sets there, the next does not see.
    context = copy_context()
    context.run(SERVED.set, served)
    task = asyncio.create_task(serving, name=REQUEST + name, context=context)
    task.add_done_callback(lambda _: setattr(served, "is_over", True))
    return task


def _log(name: str, error: BaseException) -> None:
    """Log an error that the app did not handle, with the project's frames as text and all beside that."""
    if not logger.isEnabledFor(logging.ERROR):
        return
    record = logger.makeRecord(
        logger.name,
        logging.ERROR,
        __file__,
        _log.__code__.co_firstlineno,
        "%s failed in the app",
        (name,),
        (type(error), error, error.__traceback__),
        _log.__name__,
    )
    # Formatters take it as it is, and else they would format all frames of all causes.
    _place, record.exc_text = own_traceback(error, Path())
    logger.handle(record)


def _is_cancelled(error: BaseException) -> bool:
    """Return whether the task that runs is cancelled, and this is how it ends: an app may raise the error by itself."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
