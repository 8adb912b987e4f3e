"""What Accord uses of httpx that is not documented."""

from types import FrameType

import httpx

_READ_WHOLE = httpx.Response.aread.__code__
# Between that and the stream of a transport are three generators, one of them in a comprehension before Python 3.12.
_MOST_FRAMES = 8


def is_read_whole(frame: FrameType | None) -> bool:
    """Return whether a response's stream, whose iterator is asked for in this frame, is read by `Response.aread`.

    That is what `client.get` and the like do; `client.stream` leaves it to whoever reads.
    """
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return False
        if frame.f_code is _READ_WHOLE:
            return True
        frame = frame.f_back
    return False
