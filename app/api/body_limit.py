"""No body larger than a megabyte is taken in, whichever path it is sent to."""

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.schemas.error import Error

LARGEST_BODY = 1_000_000
"""Bytes."""


class BodyLimit:
    """Answers 413 as soon as more has been announced or has arrived, and hands on a body that has arrived whole.

    Starlette's own middleware of this kind counts only what the app reads, and nothing reads what is sent to a path
    that does not exist, or by someone who is not signed in.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived = None if _announced(scope) > LARGEST_BODY else await _arrived(receive)
        if arrived is None:
            error = Error(detail="Request body is too large")
            await JSONResponse(error.model_dump(), status_code=413)(scope, receive, send)
            return
        arrived.reverse()

        async def replay() -> Message:
            return arrived.pop() if arrived else await receive()

        await self._app(scope, replay, send)


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    # A server has looked at it. Where none has, what arrives is counted all the same.
    return int(length[:20]) if length.isascii() and length.isdecimal() else 0


async def _arrived(receive: Receive) -> list[Message] | None:
    """Take the body in, up to its end or until whoever sends it is gone; None if it is too large."""
    messages: list[Message] = []
    size = 0
    more = True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            return None
        messages.append(message)
        more = message.get("more_body", False)
    return messages
