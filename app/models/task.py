"""Tasks."""

from datetime import datetime

from sqlalchemy import DateTime
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.database import Base


class Task(Base):
    """Something to do. It is completed once it has a time of completion."""

    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def completed(self) -> bool:
        """Whether it is done. Completing it again keeps the first time; reopening it forgets the time."""
        return self.completed_at is not None

    @completed.setter
    def completed(self, completed: bool) -> None:
        self.completed_at = (self.completed_at or now()) if completed else None
