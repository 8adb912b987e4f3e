"""How often a scenario asks PostgreSQL, beside a plain test: `python -m benchmarks.statements URL`.

A server in front of it counts what passes, as its protocol has it; URL is that of a server on TCP.
"""

import asyncio
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, make_url

from benchmarks.measuring import Command, run
from benchmarks.suites import Suites

FEW, MANY = 20, 120

# A statement by itself, and the end of what goes with a prepared one: the server answers each of them.
_ASKS = (b"Q", b"S")
_PROTOCOL = 196_608


class Counter:
    """How often PostgreSQL was asked since it was set to 0."""

    def __init__(self) -> None:
        self.asked = 0

    async def serve(self, url: URL, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what a client and the server say."""
        from_server, to_server = await asyncio.open_connection(url.host, url.port)
        answers = asyncio.ensure_future(_pass_on(from_server, writer))
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            code = 0
            # The first messages have no kind: one may ask whether there is TLS.
            while code != _PROTOCOL:
                size = await reader.readexactly(4)
                body = await reader.readexactly(int.from_bytes(size) - 4)
                code = int.from_bytes(body[:4])
                to_server.write(size + body)
            while True:
                head = await reader.readexactly(5)
                self.asked += head[:1] in _ASKS
                to_server.write(head + await reader.readexactly(int.from_bytes(head[1:]) - 4))
        to_server.close()
        answers.cancel()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while part := await reader.read(65536):
            writer.write(part)
    writer.close()


@contextmanager
def counting(url: URL) -> Iterator[tuple[URL, Counter]]:
    """Yield an address that leads to the same server, and what counts how often that is asked."""
    counter = Counter()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        asyncio.start_server(lambda reader, writer: counter.serve(url, reader, writer), "127.0.0.1", 0)
    )
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield url.set(port=server.sockets[0].getsockname()[1]), counter
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(_end(server))
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def a_scenario(suite: Callable[[int], Command], counter: Counter) -> float:
    """Return how often each of a hundred scenarios asks, without what a run asks anyway."""
    asked = []
    for scenarios in (FEW, MANY):
        counter.asked = 0
        run(suite(scenarios))
        asked.append(counter.asked)
    return (asked[1] - asked[0]) / (MANY - FEW)


def main(address: str) -> None:
    """Count, and print."""
    with counting(make_url(address)) as (url, counter), tempfile.TemporaryDirectory() as directory:
        suites = Suites(Path(directory), url.render_as_string(hide_password=False))
        print(f"Accord: {a_scenario(suites.accord, counter):.2f} statements a scenario")
        print(f"plain:  {a_scenario(suites.plain, counter):.2f} statements a test")


if __name__ == "__main__":
    main(sys.argv[1])
