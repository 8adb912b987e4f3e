# ruff: noqa: DTZ001  # Naive datetimes are what this is about.
"""What pydantic writes is of the format that it documents, unless the project is strict; nonsense never is."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import (
    AnyUrl,
    AwareDatetime,
    Base64Bytes,
    EmailStr,
    FileUrl,
    HttpUrl,
    IPvAnyAddress,
    IPvAnyInterface,
    IPvAnyNetwork,
    Json,
    NaiveDatetime,
    NameEmail,
    PostgresDsn,
    RedisDsn,
    SecretBytes,
    SecretStr,
    TypeAdapter,
)

from accord.contract.check import Contract
from accord.contract.rules import Mode, Rules
from accord.errors import ContractViolationError

STRICT, DOCUMENTED = Rules(Mode.STRICT), Rules(Mode.DOCUMENTED)


def check(schema: dict[str, Any], value: object, rules: Rules) -> None:
    content = {"application/json": {"schema": schema}}
    document = {"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {"200": {"content": content}}}}}}
    Contract(document).check(
        httpx.Request("GET", "http://test/a"),
        httpx.Response(200, content=json.dumps(value), headers={"Content-Type": "application/json"}),
        rules=rules,
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (datetime, datetime(2026, 3, 1, 9, 30)),
        (datetime, datetime(2026, 3, 1, 9, 30, 1, 5)),
        (datetime, datetime(1, 1, 1)),
        (datetime, datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
        (NaiveDatetime, datetime(2026, 3, 1)),
        (AwareDatetime, datetime(2026, 3, 1, tzinfo=UTC)),
        (date, date(2026, 3, 1)),
        (time, time(9, 30)),
        (time, time(9, 30, 1, 5)),
        (time, time(9, 30, tzinfo=UTC)),
        (timedelta, timedelta(days=1, seconds=1.5)),
        (timedelta, timedelta(seconds=-1)),
        (timedelta, timedelta(days=400, hours=2)),
        (timedelta, timedelta()),
        (UUID, UUID(int=7)),
        (ip_address, ip_address("fe80::1%eth0")),
        (IPvAnyAddress, ip_address("1.2.3.4")),
        (IPvAnyInterface, ip_interface("1.2.3.4/24")),
        (IPvAnyNetwork, ip_network("1.2.3.0/24")),
        (AnyUrl, AnyUrl("http://exämple.com/ä b?q=ö#f|x")),
        (AnyUrl, AnyUrl("mailto:ada lovelace@example.com")),
        (HttpUrl, HttpUrl("http://a.b/x y[1]{z}|^`\"<>\\")),
        (FileUrl, FileUrl("file:///a b/c")),
        (PostgresDsn, PostgresDsn("postgres://a:b@one:1,two:2/db")),
        (RedisDsn, RedisDsn("redis://localhost")),
        (EmailStr, "föö@exämple.com"),
        (NameEmail, NameEmail(name="Ada Lovelace", email="ada@example.com")),
        (SecretStr, SecretStr("x")),
        (SecretBytes, SecretBytes(b"x")),
        (bytes, b"x"),
        (Base64Bytes, b"x"),
        (Json, {"a": 1}),
        (Path, Path("/a b")),
        (Decimal, Decimal("1.5")),
        (re.Pattern, re.compile(r"(?P<year>\d+)\Z")),
    ],
)  # fmt: skip
def test_what_pydantic_writes_is_of_the_format_that_it_documents(kind: Any, value: object) -> None:
    adapter = TypeAdapter(type(value) if kind is ip_address else kind)
    written = adapter.dump_python(value, mode="json")
    check(adapter.json_schema(mode="serialization"), written, DOCUMENTED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date-time", "yesterday"),
        ("date-time", "2026-03-01"),
        ("date-time", "09:30:00"),
        ("date-time", "2026-02-30T09:30:00"),
        ("date-time", "2026-03-01T25:00:00"),
        ("date-time", "2026-03-01T09:30:00+25:00"),
        ("date-time", ""),
        ("time", "noon"),
        ("time", "25:00:00"),
        ("date", "2026-02-30"),
        ("duration", "P"),
        ("duration", "PT"),
        ("duration", "P1DT"),
        ("duration", "1 day"),
        ("uuid", "7"),
        ("email", "ada"),
        ("email", "ada@"),
        ("ipv4", "1.2.3.400"),
        ("ipv6", "1.2.3.4"),
        ("uri", "/tasks/7"),
        ("uri", "a b:c"),
        ("regex", "(("),
    ],
)
def test_what_is_not_of_a_format_is_a_violation(name: str, value: str) -> None:
    for rules in (STRICT, DOCUMENTED):
        with pytest.raises(ContractViolationError, match=f'is not a "{name}"'):
            check({"type": "string", "format": name}, value, rules)
        check({"type": "string", "format": name}, value, Rules(rules.mode, formats=False))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date-time", "2026-03-01T09:30:00"),
        ("time", "09:30:00"),
        ("duration", "-PT0.5S"),
        ("email", "föö@example.com"),
        ("uri", "http://a.b/x|y"),
    ],
)
def test_a_strict_run_has_formats_as_their_rfcs_have_them(name: str, value: str) -> None:
    check({"format": name}, value, DOCUMENTED)
    with pytest.raises(ContractViolationError, match=f'is not a "{name}"'):
        check({"format": name}, value, STRICT)


def test_a_format_says_nothing_of_what_is_not_a_text() -> None:
    for name in ("date-time", "time", "duration", "email", "ipv6", "regex", "uri"):
        check({"format": name}, 7, DOCUMENTED)
        check({"anyOf": [{"type": "string", "format": name}, {"type": "null"}]}, None, DOCUMENTED)
