"""The steps' own session."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session


class ScenarioSession(Session):
    """It answers from the database, never from memory.

    Requests change rows behind its back, so each read overwrites what it had loaded (`populate_existing`).
    """

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """Load by primary key, as `Session.get`, from the database each time."""
        return super().get(entity, ident, **(options | {"populate_existing": True}))


@event.listens_for(ScenarioSession, "do_orm_execute")
def _read_from_database(state: ORMExecuteState) -> None:
    if state.is_select and not state.is_column_load:
        state.update_execution_options(populate_existing=True)
