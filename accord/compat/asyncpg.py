"""What Accord uses of asyncpg beyond its documented interface."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import wraps
from typing import Any

import asyncpg
from asyncpg import connect_utils

# What says where a connection leads, and as whom; None is asyncpg's own default for each.
_ADDRESS = {"dsn", "host", "port", "user", "password", "database", "passfile", "service", "servicefile"}
_ADDRESS |= {"ssl", "direct_tls", "target_session_attrs"}
_CLOSING_SECONDS = 2.0

Connect = Callable[..., Awaitable[Any]]


@contextmanager
def connecting_through(around: Callable[[Connect, dict[str, Any]], Awaitable[Any]]) -> Iterator[None]:
    """Have every connection of asyncpg opened by `around(connect, options)` meanwhile, be it for a pool or not."""
    original = connect_utils._connect  # type: ignore[attr-defined]

    @wraps(original)
    async def connect(**options: Any) -> Any:
        return await around(original, options)

    connect_utils._connect = connect  # type: ignore[attr-defined]
    try:
        yield
    finally:
        connect_utils._connect = original  # type: ignore[attr-defined]


def hang_up(connection: asyncpg.Connection) -> None:
    """End the connection at once, also while its event loop does not run: the server rolls back and frees its locks."""
    transport: Any = connection._transport  # type: ignore[attr-defined]
    # To close the transport alone takes a turn of the event loop, which may be over.
    with suppress(OSError, AttributeError):
        transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    with suppress(RuntimeError):
        connection.terminate()


async def close(connection: asyncpg.Connection) -> None:
    """Close the connection on its own event loop, which may run in another thread; where it does not run, hang up."""
    loop: asyncio.AbstractEventLoop = connection._loop  # type: ignore[attr-defined]
    is_here = loop is asyncio.get_running_loop()
    if not is_here and not loop.is_running():
        hang_up(connection)
        return
    closing = connection.close(timeout=_CLOSING_SECONDS)
    try:
        async with asyncio.timeout(2 * _CLOSING_SECONDS):
            await (closing if is_here else asyncio.wrap_future(asyncio.run_coroutine_threadsafe(closing, loop)))
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError):
        hang_up(connection)


def elsewhere(options: dict[str, Any], address: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a connection with another address."""
    # Earlier versions do not know all of them.
    return {**options, **{name: None for name in _ADDRESS if name in options}, **address}


def let_open_cursors(connection: Any) -> None:
    """Have asyncpg before 0.32 open cursors in a transaction that it has not begun itself."""
    if getattr(connection, "_top_xact", None) is None:
        connection._top_xact = connection.transaction()


def watched(
    base: type[asyncpg.Connection], sending: Callable[[str], AbstractContextManager[None]]
) -> type[asyncpg.Connection]:
    """Return a class of connections that have each statement sent within `sending(statement)`."""

    class Watched(base):  # type: ignore[misc,valid-type]
        async def execute(self, query: str, *args: Any, **options: Any) -> Any:
            with sending(query):
                return await super().execute(query, *args, **options)

        async def executemany(self, command: str, args: Any, **options: Any) -> Any:
            with sending(command):
                return await super().executemany(command, args, **options)

        async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
            with sending(query):
                return await super().fetch(query, *args, **options)

        async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
            with sending(query):
                return await super().fetchrow(query, *args, **options)

        async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
            with sending(query):
                return await super().fetchval(query, *args, **options)

        async def fetchmany(self, query: str, args: Any, **options: Any) -> Any:
            with sending(query):
                return await super().fetchmany(query, args, **options)

        def cursor(self, query: str, *args: Any, **options: Any) -> Any:
            with sending(query):
                return super().cursor(query, *args, **options)

        async def copy_from_query(self, query: str, *args: Any, **options: Any) -> Any:
            with sending(query):
                return await super().copy_from_query(query, *args, **options)

        async def prepare(self, query: str, **options: Any) -> Any:
            with sending(query):
                return await super().prepare(query, **options)

        async def copy_to_table(self, table_name: str, **options: Any) -> Any:
            with sending(f"COPY {table_name}"):
                return await super().copy_to_table(table_name, **options)

        async def copy_records_to_table(self, table_name: str, **options: Any) -> Any:
            with sending(f"COPY {table_name}"):
                return await super().copy_records_to_table(table_name, **options)

    return Watched
