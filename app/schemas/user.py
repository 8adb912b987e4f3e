"""Accounts on the wire."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, EmailStr, StringConstraints
from pydantic_core import PydanticCustomError

from app.core.security import LONGEST_PASSWORD, SHORTEST_PASSWORD, normalized
from app.schemas.text import STORABLE


def _ascii(address: str) -> str:
    if not address.isascii():
        raise PydanticCustomError("not_ascii", "Email address should have plain letters only")
    return address


def _normalized(password: object) -> object:
    return normalized(password) if isinstance(password, str) else password


class UserCreate(BaseModel):
    """An account to be made."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,50}$")]
    email: Annotated[EmailStr, AfterValidator(_ascii)]
    password: Annotated[
        str,
        StringConstraints(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD),
        BeforeValidator(_normalized),
        STORABLE,
    ]


class UserRead(BaseModel):
    """An account as it is shown."""

    id: int
    username: str
    email: str


class Token(BaseModel):
    """The proof of having signed in."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
