"""A real connection to PostgreSQL, and the statements that it has prepared."""

from contextlib import suppress
from typing import Any

from accord.database.address import Connection

# As many statements as a suite has, and an end for one that writes its values into them.
_MOST = 1000


class PhysicalConnection:
    """A connection whose statements are prepared once, until the schema may be another."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.search_path: str | None = None
        """The schemas in which its statements look for tables, if they are not the usual ones."""
        self._prepared: dict[tuple[str | None, str], Any] = {}
        self._codecs: dict[tuple[str, str], tuple[object, ...]] = {}
        self._used: dict[tuple[str, str], dict[str, Any]] = {}
        self._used_length = 0
        self._are_types_stale = False

    def known(self, sql: str, search_path: str | None) -> Any:
        """Return the statement, or None if it is not prepared yet."""
        return self._prepared.get((search_path, sql))

    async def prepared(self, sql: str) -> Any:
        """Prepare the statement unless it is. Raises what PostgreSQL raises."""
        if (prepared := self._prepared.get((self.search_path, sql))) is None:
            if len(self._prepared) >= _MOST:
                self._prepared.clear()
            if self._are_types_stale:
                await self.connection.reload_schema_state()
                self._are_types_stale = False
            prepared = self._prepared[self.search_path, sql] = await self.connection.prepare(sql)
        return prepared

    def forget_schema(self) -> None:
        """Tables and types may be others by now."""
        self._prepared.clear()
        self._are_types_stale = True
        self._codecs.clear()
        self._used = {}

    def uses(self, codecs: dict[tuple[str, str], dict[str, Any]]) -> bool:
        """Whether values are read and written by these functions now."""
        return codecs is self._used and len(codecs) == self._used_length

    async def use_codecs(self, codecs: dict[tuple[str, str], dict[str, Any]]) -> None:
        """Read and write values of these types by these functions."""
        if self.uses(codecs):
            return
        for schema, typename in self._codecs.keys() - codecs.keys():
            await self.connection.reset_type_codec(typename, schema=schema)
            del self._codecs[schema, typename]
            self._prepared.clear()
        for (schema, typename), codec in codecs.items():
            identity = tuple(map(_identity, codec.values()))
            if self._codecs.get((schema, typename)) != identity:
                # It was there when it was set, and may have been rolled back since.
                with suppress(ValueError):
                    await self.connection.set_type_codec(typename, schema=schema, **codec)
                    self._codecs[schema, typename] = identity
                    self._prepared.clear()
        self._used, self._used_length = codecs, len(codecs)


def _identity(function: object) -> object:
    """Return what is equal for functions that do the same: SQLAlchemy makes new ones for each connection."""
    code = getattr(function, "__code__", None)
    if code is None:
        return function
    return code, tuple(cell.cell_contents for cell in function.__closure__ or ())  # type: ignore[attr-defined]
