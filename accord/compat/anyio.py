"""What Accord uses of anyio, where the app runs on it, that is not documented; it is not imported here."""

import threading
from types import FrameType


def is_worker(thread: object) -> bool:
    """Return whether it is a thread of anyio's pool."""
    return isinstance(thread, threading.Thread) and type(thread).__module__.startswith("anyio.")


def waits_for_work(thread: threading.Thread, frame: FrameType | None) -> bool:
    """Return whether this frame, which the loop of a worker has called, is of its own queue, in which it waits."""
    return frame is not None and frame.f_locals.get("self") is getattr(thread, "queue", None)
