"""What Accord uses of FastAPI that is not documented. Tested against FastAPI 0.165."""

from typing import NamedTuple


class InvalidResponse(NamedTuple):
    """Why FastAPI did not take what an operation returned."""

    text: str
    """Where the first fault is in it, and what is wrong: `tags: Input should be a valid list`."""
    file: str | None
    """That of the operation."""
    line: int | None

    @classmethod
    def of(cls, error: BaseException) -> "InvalidResponse | None":
        """Return that of a ResponseValidationError; None for any other error."""
        # By its name, so that FastAPI is not loaded for an app that is made without it.
        if type(error).__name__ != "ResponseValidationError" or not (found := getattr(error, "_errors", None)):
            return None
        where = ".".join(str(part) for part in found[0]["loc"][1:]) or "response"
        text = f"{where}: {found[0]['msg']}"
        return cls(text, getattr(error, "endpoint_file", None), getattr(error, "endpoint_line", None))
