"""What ends a scenario, whatever the app makes of it: the connection was cut, a disk is full, a wait has no end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from accord.basics.failures import text_of
from accord.errors import AccordError, OutageError
from accord.running import Running

if TYPE_CHECKING:
    from sqlalchemy import URL

# PostgreSQL's code for it.
_DISK_FULL = "53100"


class Outage:
    """Noted where it is raised, and reported in one sentence in place of all that follows."""

    def __init__(self, running: Running) -> None:
        self.has_session = False
        """Whether the scenario's session is open, so that any failure may come of an outage."""
        self._running = running
        self._error: AccordError | None = None
        self._is_raised = False
        self._unreachable: Callable[[], str | None] = lambda: None
        # What may come of one, besides a failure of a scenario's session.
        self._errors: tuple[type[BaseException], ...] = (OSError, AccordError, ExceptionGroup)

    def begin(self) -> None:
        """A scenario, or test, begins."""
        self._error, self._is_raised = None, False

    @asynccontextmanager
    async def watch(self, url: "URL") -> AsyncIterator[None]:
        """Have `explain` ask, where no event loop runs, whether the run's database can still be reached."""
        from sqlalchemy.exc import DBAPIError

        from accord.database.provision import unreachable

        self._errors = (*self._errors, DBAPIError)
        loop = asyncio.get_running_loop()
        self._unreachable = lambda: loop.run_until_complete(unreachable(url))
        yield
        # What fails after this fails without the database, but maybe since it was gone before.
        at_the_end = await unreachable(url)
        self._unreachable = lambda: at_the_end

    def explain(self, error: BaseException) -> str | None:
        """Say in one sentence what became of the database, if that is why the scenario, or test, fails."""
        if self.has_session or isinstance(error, self._errors):
            # To ask takes a connection, so it is done only for what may come of an outage.
            return self._unreachable() or (None if self._error is None else str(self._error))
        return None if self._error is None else str(self._error)

    def check(self) -> None:
        """End a request that met with one, whatever the app made of it. Raises the error that was reported."""
        if self._error is not None:
            self._is_raised = True
            raise self._error

    def check_at_end(self) -> None:
        """Raise the error that was reported, unless it has been."""
        if not self._is_raised:
            self.check()

    def report(self, error: AccordError, *, is_raised: bool = False) -> None:
        """Have the scenario fail with this error, whatever the app makes of it, unless it `is_raised` in a step."""
        if self._error is None:
            self._error, self._is_raised = error, is_raised

    def note(self, error: BaseException, *, is_cut: bool) -> None:
        """Remember the first error that ends the scenario; `is_cut` says that its connection is closed."""
        # What follows the first line is a hint; one that was cancelled says nothing.
        reason = text_of(error).partition("\n")[0] or type(error).__name__
        if getattr(error, "sqlstate", None) == _DISK_FULL:
            self.report(
                OutageError(f"The disk of the PostgreSQL server is full ({reason}): make room there, and run again.")
            )
        elif is_cut:
            self.report(
                OutageError(
                    f"{self._running.name} lost the connection to the database ({reason}), and with it all that the "
                    "scenario had done there: see what ended it, or tag the scenario @real_commits if that is part of "
                    "what it tells."
                )
            )
