"""How many fields what comes in may have, and how large those of a form may be."""

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

MOST_FIELDS = 100
LARGEST_FORM_FIELD = 65_536
"""Bytes, as they are sent: it takes long to decode very many escapes."""


def _few(fields: object) -> object:
    if isinstance(fields, dict) and len(fields) > MOST_FIELDS:
        raise PydanticCustomError(
            "too_many_fields",
            "Should have at most {most} fields, not {count}",
            {"most": MOST_FIELDS, "count": len(fields)},
        )
    return fields


FEW_FIELDS = BeforeValidator(_few)
"""Fields that are few enough: to list each of a hundred thousand unknown ones takes most of a second."""
