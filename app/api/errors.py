"""What a refused request gets in response, where FastAPI's own response would not do."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError

from app.schemas.error import FieldError, ValidationError

# A request may be long, and wrong in a great many parts; the response is neither.
MOST_ERRORS = 10
LONGEST_TEXT = 100


def install(app: FastAPI) -> None:
    """Have `app` respond so."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(400, _unreadable)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _unprocessable([_field_error(part) for part in error.errors()])


def _field_error(part: dict[str, Any]) -> FieldError:
    loc = [_short(name) if isinstance(name, str) else name for name in part["loc"]]
    return FieldError(type=part["type"], loc=loc, msg=_short(part["msg"]))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


async def _unreadable(_request: Request, _error: Exception) -> Response:
    """Refuse a body that no decoder can read as one that cannot be understood; to FastAPI it is a bad request."""
    return _unprocessable([FieldError(type="unreadable", loc=["body"], msg="Body could not be decoded")])


def _unprocessable(parts: Sequence[FieldError]) -> Response:
    named, others = list(parts[:MOST_ERRORS]), len(parts) - MOST_ERRORS
    if others > 0:
        noun = "error is" if others == 1 else "errors are"
        named.append(FieldError(type="more", loc=parts[0].loc[:1], msg=f"{others} more {noun} not listed"))
    # A field's name may be half a character, which only an escape can say: pydantic's JSON has none.
    content = json.dumps(ValidationError(detail=named).model_dump())
    return Response(content, status_code=422, media_type="application/json")
