"""What Accord uses of SQLAlchemy beyond its documented interface."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi


@contextmanager
def creating_through(replace: Callable[[Any], Any]) -> Iterator[None]:
    """Have an engine's own `async_creator`, for which no event `do_connect` comes, replaced by `replace` meanwhile.

    What that is given and returns is called to make a connection; an engine without one is not asked about.
    """
    original: Callable[..., Any] = AsyncAdapt_asyncpg_dbapi.connect

    @wraps(original)
    def connect(self: Any, *arguments: Any, **options: Any) -> Any:
        if (creator := options.get("async_creator_fn")) is not None and (replaced := replace(creator)) is not creator:
            options |= {"async_creator_fn": replaced, "prepared_statement_cache_size": 0}
        return original(self, *arguments, **options)

    AsyncAdapt_asyncpg_dbapi.connect = connect  # type: ignore[method-assign]
    try:
        yield
    finally:
        AsyncAdapt_asyncpg_dbapi.connect = original  # type: ignore[method-assign]
