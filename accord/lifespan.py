"""The app's startup and shutdown, run as a server runs them, and what is said of one that fails or does not end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgi_lifespan import LifespanManager

from accord.failures import text_of
from accord.refusal import Refusal

PATIENCE_SECONDS = 5


class LifespanFailed(Exception):
    """The app's startup or shutdown failed; the error that it raised is the cause."""


class LifespanHangs(Refusal):
    """The app's startup or shutdown does not end."""


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[Any]:
    """Start the app up, yield what answers its requests, and shut it down.

    Raises LifespanFailed if the app raises an error meanwhile, and LifespanHangs after five seconds.
    """
    __tracebackhide__ = True
    # Its own patience would end in a TimeoutError, as the app's own may.
    manager = LifespanManager(app, startup_timeout=None, shutdown_timeout=None)
    async with _told("startup", "before"):
        await manager.__aenter__()
    try:
        yield manager.app
    finally:
        async with _told("shutdown", "after"):
            await manager.__aexit__()


@asynccontextmanager
async def _told(phase: str, where: str) -> AsyncIterator[None]:
    __tracebackhide__ = True
    try:
        async with asyncio.timeout(PATIENCE_SECONDS) as patience:
            yield
    except Exception as error:
        if patience.expired():
            raise LifespanHangs(
                f"The {phase} of the app has not ended after {PATIENCE_SECONDS} seconds: look at what its lifespan "
                f"awaits {where} its `yield`."
            ) from None
        raise LifespanFailed(f"The {phase} of the app failed: {type(error).__name__}: {text_of(error)}") from error
