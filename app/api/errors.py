"""What a refused request is answered, where FastAPI's own answer would not do."""

import json

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError

from app.schemas.error import FieldError, ValidationError


def install(app: FastAPI) -> None:
    """Have `app` answer so."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(400, _unreadable)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _refusal([FieldError.model_validate(part) for part in error.errors()])


async def _unreadable(_request: Request, _error: Exception) -> Response:
    """Refuse a body that no decoder can read as one that cannot be understood; to FastAPI it is a bad request."""
    return _refusal([FieldError(type="unreadable", loc=["body"], msg="Body could not be decoded")])


def _refusal(parts: list[FieldError]) -> Response:
    # A field's name may be half a character, which only an escape can say: pydantic's JSON has none.
    content = json.dumps(ValidationError(detail=parts).model_dump())
    return Response(content, status_code=422, media_type="application/json")
