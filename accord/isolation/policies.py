"""Row level security: as whom the app's transactions run, so that its policies hold for them as in production."""

from sqlalchemy import URL

from accord.database.address import Connection, user
from accord.errors import UsageError

_ROLE = """
SELECT rolsuper OR rolbypassrls AS passes, pg_has_role(oid, 'MEMBER') AS may_be_taken FROM pg_roles WHERE rolname = $1
"""
_IGNORED = "SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity AND NOT row_security_active(oid) ORDER BY 1"
_MOST_NAMED = 3


async def check(connection: Connection, url: URL, role: str | None) -> str | None:
    """Return a sentence on the tables whose policies the run's user ignores, if there are any and no role is given.

    Raises UsageError for a role for which policies do not hold either, or that can't be taken.
    """
    if role is None:
        ignored = [row[0] for row in await connection.fetch(_IGNORED)]
        return _sentence(ignored, user(url)) if ignored else None
    found = await connection.fetchrow(_ROLE, role)
    if found is None:
        raise UsageError(
            f'accord_role names the role "{role}", which is not there: make it where the database is prepared, '
            f'CREATE ROLE "{role}", and grant it what the service needs.'
        )
    if found["passes"]:
        raise UsageError(
            f'accord_role names the role "{role}", for which no policy of row level security holds: name one that is '
            "no superuser and has no BYPASSRLS."
        )
    if not found["may_be_taken"]:
        raise UsageError(
            f'accord_role names the role "{role}", which "{user(url)}" may not take: GRANT "{role}" TO "{user(url)}".'
        )
    return None


def _sentence(tables: list[str], user: str) -> str:
    named = ", ".join(tables[:_MOST_NAMED]) + (f" and {rest} more" if (rest := len(tables) - _MOST_NAMED) > 0 else "")
    return (
        f'Row level security of {named} was not tried: the user of this run, "{user}", passes it. Name a role for '
        "which it holds, as the service has one in production: accord_role in pytest's configuration."
    )
