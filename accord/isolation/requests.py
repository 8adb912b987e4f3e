"""The requests of a scenario: one after another where they share a connection, and none of them outlasts it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from accord.errors import DeadlockError

# How long a request that the scenario leaves may take to end once it is cancelled.
GRACE_SECONDS = 2
# How long a request waits for another one that does not end.
PATIENCE_SECONDS = 4


class Requests:
    """The requests that are under way."""

    def __init__(self) -> None:
        self.served: str | None = None
        """The one that is served now, as GET /tasks/7, where they are served one after another."""
        self._lock = asyncio.Lock()
        self._served_so_far = 0
        self._under_way: set[asyncio.Task[Any]] = set()

    def begin(self) -> None:
        """A scenario begins."""
        # A request of the last scenario that did not end when it was cancelled may still hold the old one.
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def under_way(self, name: str, *, at_once: bool) -> AsyncIterator[None]:
        """One more request, which waits for the others unless `at_once`. Raises DeadlockError if one does not end."""
        task = asyncio.current_task()
        assert task is not None, "a request is awaited in a task"
        self._under_way.add(task)
        try:
            if at_once:
                yield
                return
            lock = self._lock
            await self._acquire(lock, name)
            try:
                yield
            finally:
                self.served = None
                lock.release()
        finally:
            self._under_way.discard(task)

    async def _acquire(self, lock: asyncio.Lock, name: str) -> None:
        while True:
            served_before = self._served_so_far
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await lock.acquire()
            except TimeoutError:
                # Otherwise others were served meanwhile, and this one is only further back in the queue.
                if self._served_so_far == served_before:
                    raise DeadlockError(
                        f"{name} waits for {self.served}, which has not ended for {PATIENCE_SECONDS} seconds, and a "
                        "scenario's requests are served one after another: tag it @real_commits if one needs the other."
                    ) from None
            else:
                self._served_so_far += 1
                self.served = name
                return

    async def cancel(self) -> None:
        """Cancel those that are under way, and give them time to end."""
        # One that was sent just now is served in a task that has not begun.
        await asyncio.sleep(0)
        left = list(self._under_way)
        for task in left:
            task.cancel()
        if left:
            ended, _left = await asyncio.wait(left, timeout=GRACE_SECONDS)
            # Their errors are taken, or asyncio would log that nobody has.
            await asyncio.gather(*ended, return_exceptions=True)
