"""What an error response says, and how an operation documents it."""

from typing import Any

from pydantic import BaseModel


class Error(BaseModel):
    """Why a request is refused."""

    detail: str


class FieldError(BaseModel):
    """Why one part of a request is refused; what was sent is not repeated, since it may be a password."""

    type: str
    loc: list[str | int]
    msg: str


class ValidationError(BaseModel):
    """Why a request cannot be understood."""

    detail: list[FieldError]


Documented = dict[int | str, dict[str, Any]]

NOT_SIGNED_IN: Documented = {
    "401": {
        "model": Error,
        "headers": {
            "WWW-Authenticate": {
                "description": "How to sign in",
                "required": True,
                "schema": {"type": "string", "const": "Bearer"},
            }
        },
    }
}
NOT_FOUND: Documented = {"404": {"model": Error}}
TAKEN: Documented = {"409": {"model": Error}}
TOO_LARGE: Documented = {"413": {"model": Error}}
NOT_UNDERSTOOD: Documented = {"422": {"model": ValidationError}}
