"""Work that a step left uncommitted: no request would see it in production, so the next one names the step."""

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from accord.errors import UncommittedWorkError
from accord.running import Running


class UncommittedWork:
    """What was done through the scenario's session since it last committed, and by whom."""

    def __init__(self, running: Running) -> None:
        self._running = running
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

    def note_write(self) -> None:
        """Remember the step that runs now, which wrote something."""
        if self._left_by is None:
            self._left_by = self._running.name

    async def check(self) -> None:
        """Have a request begin over committed work. Raises UncommittedWorkError."""
        if self._session is None:
            return
        self.note()
        if self._left_by is not None:
            raise UncommittedWorkError(
                f"{self._left_by} left changes in the database uncommitted when a request began, "
                "and no request would see them in production: end the step with `await db_session.commit()`."
            )
        # Reading opened a savepoint; a request's own must not nest in it.
        if self._session.in_transaction():
            await self._session.commit()

    def _note_end(self, _session: Session, transaction: SessionTransaction) -> None:
        # The end of a savepoint commits nothing yet.
        if transaction.parent is None:
            self._left_by = None
