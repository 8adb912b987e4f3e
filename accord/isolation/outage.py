"""What became of the database while a scenario used it: the server ended, its disk is full, the connection was cut."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import URL, Connection, ExceptionContext
from sqlalchemy.exc import DBAPIError

from accord.basics.failures import text_of
from accord.database import provision
from accord.errors import AccordError, OutageError
from accord.running import Running

# PostgreSQL's code for it.
_DISK_FULL = "53100"


class Outage:
    """Noted where an error of the database is raised, and reported in one sentence in place of all that follows."""

    def __init__(self, running: Running) -> None:
        self.connection: Connection | None = None
        """The scenario's one connection. Under @real_commits there is none, and one that is cut is the app's affair."""
        self.has_session = False
        """Whether the scenario's session is open, so that any failure may come of an outage."""
        self._running = running
        self._sentence: str | None = None
        self._unreachable: Callable[[], str | None] = lambda: None

    def begin(self) -> None:
        """A scenario, or test, begins."""
        self._sentence = None

    @asynccontextmanager
    async def watch(self, url: URL) -> AsyncIterator[None]:
        """Have `explain` ask, where no event loop runs, whether the run's database can still be reached."""
        loop = asyncio.get_running_loop()
        self._unreachable = lambda: loop.run_until_complete(provision.unreachable(url))
        yield
        # What fails after this fails without the database, but maybe since it was gone before.
        at_the_end = await provision.unreachable(url)
        self._unreachable = lambda: at_the_end

    def explain(self, error: BaseException) -> str | None:
        """Say in one sentence what became of the database, if that is why the scenario, or test, fails."""
        if self.has_session or isinstance(error, (OSError, DBAPIError, AccordError, ExceptionGroup)):
            # To ask takes a connection, so it is done only for what may come of an outage.
            return self._unreachable() or self._sentence
        return self._sentence

    def check(self) -> None:
        """End a request that met with an outage, whatever the app made of it. Raises OutageError."""
        if self._sentence is not None:
            raise OutageError(self._sentence)

    def note(self, context: ExceptionContext) -> None:
        """Remember the first error that ends the scenario, as SQLAlchemy's event `handle_error` has it."""
        if self._sentence is not None:
            return
        # SQLAlchemy's adapter wraps asyncpg's error, whose words are the server's.
        error = context.original_exception.__cause__ or context.original_exception
        # What follows the first line is a hint; one that was cancelled says nothing.
        reason = text_of(error).partition("\n")[0] or type(error).__name__
        if getattr(context.original_exception, "sqlstate", None) == _DISK_FULL:
            self._sentence = f"The disk of the PostgreSQL server is full ({reason}): make room there, and run again."
        elif context.is_disconnect and self.connection is not None and context.connection is self.connection:
            self._sentence = (
                f"{self._running.name} lost the connection to the database ({reason}), and with it all that the "
                "scenario had done there: see what ended it, or tag the scenario @real_commits if that is part of what "
                "it tells."
            )
