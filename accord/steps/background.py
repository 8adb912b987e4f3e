"""Tasks that a request starts and leaves, as an app does to go on after its response.

They have a while to end once the steps are over, since a server would not end them. Tasks that the app starts for its
lifetime, in its startup, belong to no request; nor do those that a library starts with the first request that needs
them, as one that waits for the server's shutdown, and that do not end.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from accord.compat.cpython import context_of
from accord.running import SERVED, Served, request_of
from accord.timeouts.stacks import REQUEST

SECONDS = 5
"""How long they have."""
GRACE_SECONDS = 1
"""How long one that was cancelled may take to end."""

Tasks = dict["asyncio.Task[Any]", Served]


def of_requests(loop: asyncio.AbstractEventLoop) -> Tasks:
    """Return the tasks that serve requests, and those that requests have started, each with its request."""
    return {task: served for task in asyncio.all_tasks(loop) if (served := request_of(task)) is not None}


def left(loop: asyncio.AbstractEventLoop) -> Tasks:
    """Return the tasks that requests which are over have started and left."""
    # One that is not over, such as a WebSocket, ends its own.
    return {
        task: served
        for task, served in of_requests(loop).items()
        if served.is_over and not task.get_name().startswith(REQUEST)
    }


async def wait(loop: asyncio.AbstractEventLoop, is_own: Callable[["asyncio.Task[Any]"], bool]) -> Tasks:
    """Wait for the tasks that were left, and what they start; return those that have not ended.

    Those that are not the project's own have less time, and are the app's from then on.
    """
    began = loop.time()
    while tasks := left(loop):
        seconds = began + (SECONDS if any(map(is_own, tasks)) else GRACE_SECONDS) - loop.time()
        if seconds <= 0:
            break
        # What they raise is not taken here, so that the loop reports what nobody takes.
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if not is_own(task):
            context_of(task).run(SERVED.set, Served(f"The app, by what {tasks[task].name} began,"))
    return {task: served for task, served in tasks.items() if is_own(task)}


async def cancel(tasks: Tasks) -> list["asyncio.Task[Any]"]:
    """Cancel tasks, and return those that have not ended by that."""
    for task in tasks:
        task.cancel()
    if not tasks:
        return []
    ended, running = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
    # What they raise by that is taken, or asyncio would log that nobody has.
    await asyncio.gather(*ended, return_exceptions=True)
    return list(running)
