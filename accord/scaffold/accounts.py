"""An account to sign in with: the values that a new one is given, by the columns of the class of users."""

from collections.abc import Mapping
from typing import Any

from accord.scaffold.suite import Account, quoted

_TEXTS = (
    ("email", "alice@example.com"),
    ("password", "not-the-hash-of-any-password"),
    ("hash", "not-the-hash-of-any-password"),
    ("phone", "+15550100"),
    ("name", "alice"),
    ("login", "alice"),
)
_LITERALS = {"int": "1", "float": "1.0", "bool": "False", "dict": "{}", "list": "[]", "bytes": 'b""'}
_CALLS = {
    "UUID": ("uuid4()", "from uuid import uuid4"),
    # PostgreSQL's driver takes those with a time zone for columns that have one, and no others.
    "aware datetime": ("datetime(2026, 1, 1, tzinfo=UTC)", "from datetime import UTC, datetime"),
    "datetime": ("datetime(2026, 1, 1)", "from datetime import datetime"),
    "date": ("date(2000, 1, 1)", "from datetime import date"),
    "Decimal": ("Decimal(1)", "from decimal import Decimal"),
}
_ON = {"is_active", "active", "is_verified", "verified", "is_email_verified", "email_verified", "is_enabled", "enabled"}
_OFF = {"disabled", "is_disabled", "is_blocked", "blocked", "is_banned", "is_deleted", "deleted"}


def account(user: Mapping[str, Any]) -> Account | None:
    """Return an account that may sign in; None where a column needs what nobody but the project knows."""
    arguments, imports = dict[str, str](), list[str]()
    for name, column in user["needed"].items():
        kind = column["type"]
        if column["is_reference"]:
            return None
        if kind == "str":
            text = next((text for part, text in _TEXTS if part in name.lower()), "test")
            arguments[name] = quoted(text[: column["length"]])
        elif kind in _LITERALS:
            arguments[name] = _LITERALS[kind]
        elif kind in _CALLS:
            arguments[name], line = _CALLS[kind]
            imports.append(line)
        else:
            return None
    for name in user["flags"]:
        if name.lower() in _ON | _OFF:
            arguments[name] = str(name.lower() in _ON)
    return Account([f"{name}={value}" for name, value in arguments.items()], sorted(set(imports)))
