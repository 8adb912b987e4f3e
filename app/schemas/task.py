"""Tasks on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict  # pydantic reads that of `typing` from Python 3.12 on only

from app.core.database import LARGEST_ID
from app.schemas.text import STORABLE


def _visible(title: str) -> str:
    if not any(character.isprintable() and not character.isspace() for character in title):
        raise PydanticCustomError("blank", "String should have at least one visible character")
    return title


Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), STORABLE, AfterValidator(_visible)]
Description = Annotated[str, StringConstraints(max_length=2000), STORABLE]


class TaskCreate(BaseModel):
    """A task to be written down."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    description: Description | None = None


@with_config(ConfigDict(extra="forbid"))
class TaskUpdate(TypedDict, total=False):
    """What is to be changed of a task; what is not sent stays as it is."""

    title: Title
    description: Description | None
    completed: StrictBool


class TaskFilter(BaseModel):
    """Which tasks are to be shown."""

    model_config = ConfigDict(extra="forbid")

    completed: bool | None = None
    limit: int = Field(50, ge=1, le=100)
    offset: int = Field(0, ge=0, le=LARGEST_ID)


class TaskRead(BaseModel):
    """A task as it is shown."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    description: str | None
    completed: bool
    created_at: datetime
    completed_at: datetime | None
