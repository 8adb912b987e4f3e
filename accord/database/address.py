"""Where the database is: the address that the user gave, read, and a connection that has reached just that."""

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from accord.database.given import SUFFIX, VARIABLE, VARIABLE_OF_APPS, origin
from accord.errors import AccordError, UsageError

# PostgreSQL cuts a longer name off, and with it the ending.
LONGEST_NAME = 63
PORT = 5432
CONNECT_SECONDS = 10
# What one driver or another lets override the database in the path. SQLAlchemy hands each of them on.
_OVERRIDING = {"database", "dbname", "db", "dsn", "conninfo", "service", "servicefile"}
# In another character one driver or another would see the end of the name, or the beginning of something else.
_NAME = re.compile(r"[\w$.-]+")

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection


@dataclass(frozen=True)
class DatabaseParts:
    """The address of a run's database, for settings that are split."""

    host: str
    """A name or an address, or the directory of the server's socket."""
    port: int
    user: str
    password: str | None
    name: str


def rendered(url: URL) -> str:
    """Return the address with its password, as SQLAlchemy and most drivers read it.

    Only what must be is percent-encoded, so no `/` of a socket's directory. A port without a host stands in the query,
    since asyncpg would take what stands before it for a host.
    """
    settings = [(key, value) for key, values in url.normalized_query.items() for value in values]
    if url.port not in (None, PORT) and not url.host:
        settings.append(("port", str(url.port)))
    query = "&".join(f"{quote_plus(key)}={quote_plus(value, safe='/:=,')}" for key, value in settings)
    port = url.port if url.host else None
    plain = URL.create(url.drivername, url.username, url.password, url.host, port, url.database)
    return plain.render_as_string(hide_password=False) + (f"?{query}" if query else "")


def parts(url: URL) -> DatabaseParts:
    """Return the parts of an address."""
    host, port = next(iter(_hosts(url)), "localhost"), url.port or url.query.get("port", PORT)
    return DatabaseParts(host, int(str(port)), user(url), url.password, url.database or "")


def named(address: str) -> URL:
    """Read an address that the user gave. Raises UsageError for one that no database for tests may have."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise UsageError(
            f"{origin()} is not a database's address: write it as postgresql+asyncpg://user:password@host/name_test."
        ) from None
    if url.drivername not in ("postgresql", "postgresql+asyncpg"):
        raise UsageError(
            f"{origin()} begins with {url.drivername}://, but Accord drives PostgreSQL through asyncpg: "
            "write postgresql+asyncpg://."
        )
    check(url)
    return url.set(drivername="postgresql+asyncpg")


def beside(address: str | None, name: str) -> str | None:
    """Return the address of another database on the same server, as `named` reads one; None for the wheel's."""
    return None if address is None else rendered(named(address).set(database=name + SUFFIX))


def check(url: URL, source: str | None = None) -> None:
    """Raise UsageError unless the address means one database, to each driver, whose name ends in `_test`.

    The sentence names `source`, or where the user gave the address.
    """
    source = source or origin()
    name = url.database or ""
    if not name.endswith(SUFFIX):
        # Which the service may read itself, and for a database that is not for tests.
        other = f", or set {VARIABLE}, which goes before it" if source == VARIABLE_OF_APPS else ""
        raise UsageError(
            f'{source} names the database "{name}", and Accord only takes one whose name ends in "{SUFFIX}", '
            f'since it drops tables there: name "{name or "tasks"}{SUFFIX}" instead, which need not exist{other}.'
        )
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{source} names the database {name!r}, whose name not every driver reads alike: "
            "choose one of letters, digits and _ - . $ alone."
        )
    if overriding := sorted(_OVERRIDING & {key.lower() for key in url.query}):
        raise UsageError(
            f'{source} names the database "{name}", and its setting `{overriding[0]}` may lead to another: '
            "remove that setting."
        )
    if len(name.encode()) > LONGEST_NAME:
        raise too_long(name, source)
    if any("," in host for host in _hosts(url)) or len(_hosts(url)) > 1:
        raise UsageError(f"{source} names more than one server, and a run uses one: name that alone.")


def too_long(name: str, source: str | None = None) -> AccordError:
    """Return the sentence on a name that PostgreSQL would cut."""
    return UsageError(
        f'{source or origin()} names the database "{name}", and PostgreSQL cuts names off after {LONGEST_NAME} '
        "bytes: choose a shorter one."
    )


def two_servers(url: URL, maintenance: str) -> AccordError:
    """Return the sentence on an address that leads to one server for one database, and to another for the other."""
    return UsageError(
        f'The address in {origin()} leads to one server for "{maintenance}" and to another for "{url.database}": '
        "correct it, or what stands between it and the server."
    )


async def connect(url: URL, settings: Mapping[str, str] = MappingProxyType({})) -> Connection:
    """Connect as SQLAlchemy would, to the database that the URL names and to no other, with settings of PostgreSQL.

    Raises UsageError with the one sentence that helps, and InvalidCatalogNameError where there is no such database.
    """
    connection = await _connect(url, settings)
    # A pooler, or a setting that this module does not know, may lead elsewhere: what was reached decides.
    reached: str = await connection.fetchval("SELECT current_database()")
    if reached != url.database:
        await connection.close()
        raise UsageError(
            f'The address of the database "{url.database}" at {server_of(url)} leads to the database "{reached}": '
            f"correct {origin()}, or what stands between it and the server."
        )
    return connection


class OwnConnection(Connection):
    """A connection of Accord's own, and not of the app's."""


def arguments_of(url: URL) -> dict[str, Any]:
    """Return what asyncpg takes for the address."""
    dialect: Any = url.get_dialect()
    _, arguments = dialect().create_connect_args(url)
    # Those are SQLAlchemy's own settings, which may stand in its URL.
    return {name: value for name, value in arguments.items() if not name.startswith("prepared_statement")}


async def _connect(url: URL, settings: Mapping[str, str]) -> Connection:
    where = server_of(url)
    try:
        # First, so that a timeout in the address takes precedence.
        arguments = {"timeout": CONNECT_SECONDS} | arguments_of(url)
        if settings:
            arguments["server_settings"] = arguments.get("server_settings", {}) | settings
        return await asyncpg.connect(connection_class=OwnConnection, **arguments)
    # Not worded here: to some callers it means that the database is to be created.
    except asyncpg.InvalidCatalogNameError:
        raise
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise UsageError(
            f"The PostgreSQL server at {where} does not let you in ({error.message}): "
            f"correct the user or the password in {origin()}."
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise UsageError(
            f'"{user(url)}" may not connect to the database "{url.database}" at {where}: '
            f'GRANT CONNECT ON DATABASE "{url.database}" TO "{user(url)}".'
        ) from error
    except asyncpg.PostgresError as error:
        raise UsageError(f"The PostgreSQL server at {where} turns the connection down: {error.message}.") from error
    # All of these are raised for settings, by asyncpg or by SQLAlchemy, depending on which setting it is.
    except (TypeError, ValueError, AttributeError, ArgumentError) as error:
        raise UsageError(f"{origin()} has settings that asyncpg does not take ({error}): correct them.") from error
    except (OSError, asyncpg.InterfaceError) as error:
        raise UsageError(
            f"No PostgreSQL server answers at {where} ({str(error) or 'timed out'}): start it, "
            f"correct {origin()}, or leave it out to use PostgreSQL from the wheel."
        ) from error


def server_of(url: URL) -> str:
    """Return host and port, for messages."""
    return f"{', '.join(_hosts(url)) or 'localhost'}:{url.port or PORT}"


def in_use(url: URL) -> AccordError:
    """Return the sentence on a database that another run owns."""
    return UsageError(
        f'Another run is using the database "{url.database}": wait for it to end, or name another in {origin()}.'
    )


def user(url: URL) -> str:
    """Return who connects, for messages."""
    return url.username or os.environ.get("PGUSER") or getpass.getuser()


def _hosts(url: URL) -> list[str]:
    # SQLAlchemy prefers what stands in the query, as a socket's directory does.
    hosts = url.query.get("host") or url.host or ()
    return [hosts] if isinstance(hosts, str) else list(hosts)
