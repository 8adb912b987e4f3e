"""Deferred constraints, which PostgreSQL checks at a real commit only: here, wherever a session commits."""

from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.orm import Session

from accord.isolation.statements import changes_only_rows

# One statement, and so one round trip. The block is a subtransaction, whose abort gives each constraint its mode back.
_CHECK = """
DO $$ BEGIN
    SET CONSTRAINTS ALL IMMEDIATE;
    RAISE EXCEPTION USING ERRCODE = 'ACCRD';
EXCEPTION WHEN SQLSTATE 'ACCRD' THEN NULL;
END $$
"""
_ARE_THERE = "SELECT EXISTS (SELECT FROM pg_constraint WHERE condeferrable)"
OWN_STATEMENTS = (_CHECK, _ARE_THERE)
"""What Accord itself sends for this: no statement of the project's."""


class DeferredConstraints:
    """Those of the scenario's database, checked at each commit that comes after a write."""

    def __init__(self) -> None:
        self._are_there: bool | None = None
        self._is_written = False

    def begin(self) -> None:
        """A scenario begins, whose database may have others."""
        self._are_there = None

    def note_write(self, statement: str) -> None:
        """Something was written; what is more than a row may be a constraint that is deferred."""
        if not changes_only_rows(statement):
            self._are_there = True
        self._is_written = True

    def check_in(self, session: Session) -> None:
        """Have them checked where this session commits, which joins the scenario's transaction."""
        _SESSIONS[session] = self

    def check(self, session: Session) -> None:
        """Check them. Raises what PostgreSQL raises at a commit: sqlalchemy.exc.IntegrityError."""
        # The end of a savepoint is no commit to PostgreSQL either.
        if session.in_nested_transaction():
            return
        # SQLAlchemy itself flushes after this event, and what that writes is to be checked.
        session.flush()
        if not self._is_written:
            return
        connection = session.connection()
        # Asked once a scenario, and only where something was written.
        if self._are_there is None:
            self._are_there = connection.exec_driver_sql(_ARE_THERE).scalar_one()
        if self._are_there:
            connection.exec_driver_sql(_CHECK)
        self._is_written = False


# One listener for all sessions costs less than one for each.
# Weak, since the app's sessions are to be dropped when the app drops them.
_SESSIONS = WeakKeyDictionary[Session, DeferredConstraints]()


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    if (constraints := _SESSIONS.get(session)) is not None:
        constraints.check(session)
