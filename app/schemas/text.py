"""What all text that comes in must keep to."""

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _storable(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("null_character", "String should not contain a null character")
    return text


STORABLE = AfterValidator(_storable)
"""Text without the null character, which PostgreSQL cannot store."""
