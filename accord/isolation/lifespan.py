"""The app's startup and shutdown, run as a server runs them, and what is said of one that fails or does not end.

A run may leave them out, by `accord_lifespan = off`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import pytest

from accord.basics.failures import text_of
from accord.errors import LifespanError, TimedOutError
from accord.isolation import unled
from accord.running import SERVED, Served
from accord.timeouts.watchdog import current as current_watchdog

LIFESPAN = "accord_lifespan"

# Whether it is on, for each of the runs that are under way in this process: a run may run another one.
_IS_ON: list[bool] = []


def configure(config: pytest.Config) -> Callable[[], None]:
    """Read whether this run starts the app; return what undoes it."""
    _IS_ON.append(config.getini(LIFESPAN))

    def undo() -> None:
        _IS_ON.pop()

    return undo


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[Any]:
    """Start the app up, yield what answers its requests, and shut it down.

    Under `accord_lifespan = off` neither is done, and the app itself is yielded.
    Raises LifespanError if the app raises an error meanwhile, and in a run of pytest TimedOutError, naming what it
    awaits, where that takes longer than `accord_lifespan_timeout`: 30 seconds, unless the configuration says otherwise.
    """
    __tracebackhide__ = True
    if _IS_ON and not _IS_ON[-1]:
        yield app
        return
    from asgi_lifespan import LifespanManager

    unled.listen()
    # What there is by now is not the app's: a limit that is reached names only what has begun since.
    before = asyncio.all_tasks()
    # Its own patience would end in a TimeoutError, as the app's own may.
    manager = LifespanManager(_with_own_state(app), startup_timeout=None, shutdown_timeout=None)
    async with _named("startup", before):
        # Also what it does later, in tasks that it starts now.
        of_app = SERVED.set(Served("The app, by what its startup began,"))
        await manager.__aenter__()
        SERVED.reset(of_app)
    try:
        yield manager.app
    finally:
        async with _named("shutdown", before):
            await manager.__aexit__()


def _with_own_state(app: Any) -> Any:
    """Return the app, whose requests each have a copy of the state that the startup made.

    So https://asgi.readthedocs.io/en/latest/specs/lifespan.html has it, and servers do it. LifespanManager gives all
    the same one: a user whom one request notes in `request.state` would be signed in in the next.
    """

    async def answer(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            scope["state"] = scope["state"].copy()
        await app(scope, receive, send)

    return answer


@asynccontextmanager
async def _named(phase: str, before: set[asyncio.Task[Any]]) -> AsyncIterator[None]:
    __tracebackhide__ = True
    watchdog = current_watchdog()
    limit = nullcontext() if watchdog is None else watchdog.limits.lifespan(phase, before)
    try:
        with limit:
            yield
    # A sentence of Accord's already.
    except TimedOutError:
        raise
    except Exception as error:
        raise LifespanError(f"The {phase} of the app failed: {type(error).__name__}: {text_of(error)}") from error
