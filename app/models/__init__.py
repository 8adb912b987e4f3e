"""The tables; importing this package makes all of them known to `Base.metadata`."""

from app.models.task import Task
from app.models.user import User

__all__ = ["Task", "User"]
