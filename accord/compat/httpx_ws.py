"""What Accord uses of httpx-ws that is not documented: the parts of its `ASGIWebSocketTransport`.

It is imported only where somebody opens a WebSocket, which is what httpx-ws is installed for.
"""

import importlib.util
import math
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]


class _Starter:
    """Stands in for the task group in which httpx-ws has the app run."""

    def __init__(self, start: Callable[[Callable[[], Awaitable[None]]], None]) -> None:
        self.start_soon = start


def is_installed() -> bool:
    """Return whether it is there."""
    return importlib.util.find_spec("httpx_ws") is not None


def network_stream(
    app: App, scope: dict[str, Any], start: Callable[[Callable[[], Awaitable[None]]], None], seconds: float | None
) -> Any:
    """Return what stands for the connection on which a WebSocket of httpx-ws speaks with the app.

    To enter it is to connect: it has `start` run the app, and gives itself and what a server says to the upgrade, or
    raises what httpx-ws has for a connection that is refused. The app has so many seconds to accept.
    """
    stream: Any = importlib.import_module("httpx_ws.transport").ASGIWebSocketAsyncNetworkStream
    return stream(app, scope, _Starter(start), math.inf if seconds is None else seconds)


def closed_errors() -> tuple[type[Exception], ...]:
    """Return what is raised where one sends on such a connection, or receives, once it is closed."""
    anyio = importlib.import_module("anyio")
    return anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream
