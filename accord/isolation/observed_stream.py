"""A request that is sent as a stream, and is not recorded: what passes is only looked through for secrets."""

from collections.abc import AsyncIterator

import httpx


class ObservedStream(httpx.AsyncByteStream):
    """A request's stream, passed on as it comes; what goes through is observed, up to a megabyte of it."""

    MOST = 1_000_000

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream
        self.observed = bytearray()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the stream's bytes."""
        async for part in self._stream:
            self.observed += part[: self.MOST - len(self.observed)]
            yield part

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()
