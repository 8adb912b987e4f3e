"""Work that a step left uncommitted: no request would see it in production, so the next one names the step."""

from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from accord.errors import UncommittedWorkError
from accord.isolation.work import Work
from accord.running import Running


class UncommittedWork:
    """What steps changed and did not commit: in the scenario's session, and in any transaction (`open_work`)."""

    def __init__(self, running: Running, open_work: Callable[[], Work | None]) -> None:
        self._running = running
        self._open_work = open_work
        self._session: AsyncSession | None = None
        self._left_by: str | None = None

    def begin(self, session: AsyncSession) -> None:
        """The scenario's session is open."""
        self._session = session
        event.listen(session.sync_session, "after_transaction_end", self._note_end)

    def end(self) -> None:
        """It is closed."""
        self._session = self._left_by = None

    def note(self) -> None:
        """Remember the step that runs now if the session holds changes that are not written yet."""
        session = self._session
        if session is None or self._left_by is not None:
            return
        # An object is in `dirty` as soon as an attribute was set, be it to the value that it had.
        if session.new or session.deleted or any(session.is_modified(item) for item in session.dirty):
            self._left_by = self._running.name

    def check(self) -> None:
        """Have a request begin over committed work. Raises UncommittedWorkError."""
        self.note()
        open_work = self._open_work()
        left_by = self._left_by or (open_work.name if open_work else None)
        if left_by is not None:
            raise UncommittedWorkError(
                f"{left_by} left changes in the database uncommitted when a request began, "
                "and no request would see them in production: end the step with `await db_session.commit()`."
            )

    def _note_end(self, _session: Session, transaction: SessionTransaction) -> None:
        # The end of a savepoint commits nothing yet.
        if transaction.parent is None:
            self._left_by = None
