"""What the database has that a statement's words do not say: functions that may write, and constraints that wait."""

from accord.database.address import Connection
from accord.isolation.statements import Statement

_ASK = """
SELECT
    ARRAY(
        SELECT DISTINCT lower(proname) FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
        WHERE provolatile = 'v' AND prorettype <> 'trigger'::regtype AND lanname NOT IN ('internal', 'c')
    ) AS functions,
    EXISTS (SELECT FROM pg_constraint WHERE condeferrable) AS has_deferrable,
    ARRAY(
        SELECT DISTINCT format('%I.%I', nspname, conname)
        FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace WHERE condeferred
    ) AS deferred
"""
# PostgreSQL's own, of which the catalog does not say whether they write or only differ from call to call.
_WRITING = frozenset(
    ["setval", "pg_notify", "lo_creat", "lo_create", "lo_from_bytea", "lo_import", "lo_put", "lo_unlink", "lowrite"]
)


class Catalog:
    """What was found, which is asked for anew once the schema may be another."""

    def __init__(self) -> None:
        self.is_stale = True
        self._functions: frozenset[str] = _WRITING
        self._at_commit: list[str] = []

    async def ask(self, connection: Connection) -> None:
        """Ask the database."""
        found = await connection.fetchrow(_ASK)
        assert found is not None
        self._functions = _WRITING.union(found["functions"])
        self._at_commit = ["SET CONSTRAINTS ALL IMMEDIATE"] if found["has_deferrable"] else []
        if found["deferred"]:
            self._at_commit.append(f"SET CONSTRAINTS {', '.join(found['deferred'])} DEFERRED")
        self.is_stale = False

    def writes(self, statement: Statement) -> bool:
        """Whether it calls a function that may write."""
        return not self._functions.isdisjoint(statement.calls)

    def at_commit(self) -> list[str]:
        """Return what has deferred constraints checked, and deferred triggers run, as PostgreSQL does at a commit.

        What is checked is deferred again afterwards, if its table says so.
        """
        return self._at_commit
