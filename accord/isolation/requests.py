"""The requests of a scenario, none of which outlasts it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# How long a request that the scenario leaves may take to end once it is cancelled.
GRACE_SECONDS = 2


class Requests:
    """The requests that are under way."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """One more request, in the task that runs."""
        task = asyncio.current_task()
        assert task is not None, "a request is awaited in a task"
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)

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
