"""What a refusal says."""

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
