"""What a sentence, a table or a doc string gives as text, as the step function's annotations have it: by pydantic.

Only text is converted: what a parser or a converter of the suite's has made of it stays as it is, and so does what is
annotated as `str`, or not at all.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from accord import extras

_TEXT = (str, object, Any, inspect.Parameter.empty, list[list[str]], NoneType)
# How many faults of a value are named.
_MOST_NAMED = 3
_PROSE = re.compile(r"\W+")


class NotConvertedError(Exception):
    """A text is not what its annotation says; the message is the reason."""


def converted(function: Callable[..., object], name: str, value: object) -> object:
    """Return the value of an argument as the function's annotation has it.

    Raises NotConvertedError where it cannot be that, and UsageError where pydantic is not installed.
    """
    annotation = _annotations(function).get(name, str)
    if annotation in _TEXT:
        return value
    if name == "datatable" and isinstance(value, list):
        return _validated(annotation, name, _table(value, annotation))
    return _validated(annotation, name, value, is_json=name == "docstring") if isinstance(value, str) else value


@lru_cache(maxsize=1000)
def _annotations(function: Callable[..., object]) -> Mapping[str, Any]:
    try:
        return get_type_hints(inspect.unwrap(function), include_extras=True)
    except (NameError, TypeError, AttributeError):  # It names what is there for type checkers alone, or has none.
        return {}


def choices_in(function: Callable[..., object]) -> dict[str, list[str]]:
    """Return what an argument may be, by its name, of those annotated as a `Literal` or an Enum."""
    choices: dict[str, list[str]] = {}
    for name, annotation in _annotations(function).items():
        if get_origin(annotation) is Literal:
            choices[name] = [str(it) for it in get_args(annotation)]
        elif isinstance(annotation, type) and issubclass(annotation, Enum):
            choices[name] = [str(it.value) for it in annotation]
    return choices


def _validated(annotation: Any, name: str, value: object, *, is_json: bool = False) -> object:
    extras.check("fastapi", f"The annotation of `{name}`")
    from pydantic import ValidationError

    if (adapter := _adapter(annotation)) is None:
        return value
    try:
        return adapter.validate_json(value) if is_json else adapter.validate_python(value)
    except ValidationError as error:
        raise NotConvertedError(_reason(error.errors(include_url=False))) from error


@lru_cache(maxsize=1000)
def _adapter(annotation: Any) -> Any:
    """Return what converts to an annotation; None where it is a class that pydantic knows nothing of."""
    from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(annotation)
    except PydanticSchemaGenerationError:
        return None
    except PydanticUserError as error:  # As of a TypedDict of `typing` before Python 3.12.
        raise NotConvertedError(error.message.rstrip(".")) from error


def _reason(errors: list[Any]) -> str:
    """Say in a line what is wrong, and where in the value."""
    said = []
    for error in errors[:_MOST_NAMED]:
        where = ", ".join(f"row {part + 1}" if isinstance(part, int) else str(part) for part in error["loc"])
        # As pydantic says it: Input should be 'open' or 'done'.
        what = error["msg"].replace("Input should be", "it should be", 1)
        said.append(f"{where}: {what}" if where else what)
    more = len(errors) - len(said)
    return "; ".join([*said, f"and {more} more"] if more else said).rstrip(".")


def _table(rows: list[list[str]], annotation: Any) -> object:
    """Return a table as its annotation asks for it: the first row is its head, or, for one thing, the first column."""
    if get_origin(annotation) is list:
        (of,) = get_args(annotation) or (str,)
        if get_origin(of) is list or of is list:
            return rows
        head = [_field(cell) for cell in rows[0]]
        return [dict(zip(head, row, strict=True)) for row in rows[1:]]
    return {_field(row[0]): row[1] for row in rows} if all(len(row) == 2 for row in rows) else rows


def _field(cell: str) -> str:
    """Return the name of the field that a heading means: `Due date` is `due_date`."""
    return _PROSE.sub("_", cell.strip().lower()).strip("_")
