"""The copy of a database on which a scenario with real commits works: made where it is first needed."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from sqlalchemy import URL


class DatabaseCopy:
    """One copy at a time, on whichever event loop it is asked for; an app may be served in another thread.

    `make` makes one, and `leave` closes what this process has open to the copy before it is removed.
    """

    def __init__(
        self, make: Callable[[], AbstractAsyncContextManager[URL]], leave: Callable[[], Awaitable[None]]
    ) -> None:
        self._make = make
        self._leave = leave
        self._made: Future[URL] | None = None
        self._asking = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._removing = AsyncExitStack()
        self.is_over = False
        """Whether the scenario's copy has been removed."""

    @property
    def url(self) -> URL | None:
        """Where it is, if it is made."""
        made = self._made
        return made.result() if made is not None and made.done() and not made.cancelled() else None

    async def there(self) -> URL:
        """Return where it is; it is made unless it is there. Raises what `make` raises."""
        while True:
            with self._asking:
                is_first = self._made is None
                made = self._made = self._made or Future()
            if is_first:
                await self._fill(made)
            result = asyncio.wrap_future(made)
            # Whoever waits may be cancelled without the others.
            await asyncio.wait([result])
            # Where who made it is cancelled, the next makes another one.
            if not result.cancelled():
                return result.result()

    async def _fill(self, made: Future[URL]) -> None:
        self.is_over, self._loop = False, asyncio.get_running_loop()
        removing = AsyncExitStack()
        try:
            url = await removing.enter_async_context(self._make())
        except BaseException as error:
            self._made = None
            if not isinstance(error, Exception):
                made.cancel()
                raise
            made.set_exception(error)
        else:
            self._removing = removing
            made.set_result(url)

    async def remove(self) -> None:
        """Remove it, if there is one."""
        if (made := self._made) is None:
            return
        await asyncio.wait([asyncio.wrap_future(made)])
        self.is_over = True
        await self._leave()
        # What goes on meanwhile may have another one made.
        removing, self._removing, self._made = self._removing, AsyncExitStack(), None
        await removing.aclose()

    def remove_now(self) -> None:
        """Do so where no event loop runs in this thread."""
        if self._made is None or self._loop is None:
            return
        if self._loop.is_closed():
            # What it left open there, the next run removes.
            self._made = None
        elif self._loop.is_running():
            # In another thread.
            asyncio.run_coroutine_threadsafe(self.remove(), self._loop).result()
        else:
            self._loop.run_until_complete(self.remove())
