"""What Accord uses of Starlette, where the app is built on it, that is not documented; it is not imported here."""

import traceback
from types import FrameType
from typing import Any

_PACKAGES = ("starlette", "fastapi", "sse_starlette")
# The functions in which these packages make the body of a stream.
_MAKING_BODY = {"stream_response", "_stream_response", "_producer"}


def body_frame(value: Any) -> FrameType | None:
    """Return where the body of a response is made, if the value is one that is a stream."""
    is_response = type(value).__module__.startswith(_PACKAGES)
    return getattr(getattr(value, "body_iterator", None), "ag_frame", None) if is_response else None


def body_error(error: BaseException) -> BaseException | None:
    """Return the error, or the one in a group, that was raised while the body of a stream was made, if one was.

    Starlette's BaseHTTPMiddleware, and FastAPI where an endpoint yields events, first send the end of the stream.
    """
    for member in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if found := body_error(member):
            return found
    for frame, _line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name in _MAKING_BODY and frame.f_globals.get("__name__", "").startswith(_PACKAGES):
            return error
    return None


def is_disconnect(error: BaseException) -> bool:
    """Return whether a WebSocket's handler raised it since its client has gone, which is how most handlers end."""
    return type(error).__name__ == "WebSocketDisconnect" and type(error).__module__.startswith(_PACKAGES)
