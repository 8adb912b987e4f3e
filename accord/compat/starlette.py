"""What Accord uses of Starlette, where the app is built on it, that is not documented; it is not imported here."""

from types import FrameType
from typing import Any


def body_frame(value: Any) -> FrameType | None:
    """Return where the body of a response is made, if the value is one that is a stream."""
    is_response = type(value).__module__.startswith(("starlette", "fastapi", "sse_starlette"))
    return getattr(getattr(value, "body_iterator", None), "ag_frame", None) if is_response else None
