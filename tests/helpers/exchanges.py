"""Requests and responses with secrets in them, and what is written of them."""

import json

import httpx

from accord.recording.exchanges import entry
from accord.recording.har import archive
from accord.recording.redaction.redaction import Redaction

SECRET = "Zq7canaryX9"
URL = "http://test/"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def post(content: str | bytes, content_type: str = "", **headers: str) -> httpx.Request:
    request = httpx.Request("POST", URL, content=content, headers={"content-type": content_type, **headers})
    request.read()
    return request


def with_files(name: str, value: str, content_type: str | None = None) -> httpx.Request:
    request = httpx.Request("POST", URL, files={name: (None, value, content_type), "f": ("f.txt", b"x")})
    request.read()
    return request


def get(path: str = "", **headers: str) -> httpx.Request:
    return httpx.Request("GET", URL + path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def response(content: str | bytes, content_type: str = JSON, *headers: tuple[str, str]) -> httpx.Response:
    return httpx.Response(200, content=content, headers=[("content-type", content_type), *headers])


def written(
    request: httpx.Request | None = None,
    response: httpx.Response | None = None,
    redaction: Redaction | None = None,
    operation: str | None = None,
) -> str:
    """All that is kept of an exchange, as it is written."""
    seen = entry(redaction or Redaction(), request or get(), response or httpx.Response(204), 0, 1, operation)
    return json.dumps(json.loads(archive([seen])), ensure_ascii=False)


def knowing(*secrets: str) -> Redaction:
    redaction = Redaction()
    for secret in secrets:
        redaction.named("password", secret)
    return redaction


UNITS = [
    '["password","',
    '["password","\\\\"',
    '{"title":"Buy milk","password":"abc12345","id":7},',
    '{"a":{"password":"x',
    '{"tokens":["abcdefghij"],',
    '{"value":{"name":"password",',
    '"password":"',
    "password=",
    "password: ",
    "password: [",
    "password",
    "[",
    "{",
    '"',
    " '",
    "\\",
    '\\"',
    "%41",
    "\\u0041",
    "&quot;",
    "a[b",
    "://a@",
    "<password>",
    '<a b="',
    "<" + "x" * 1_000,
    "x" * 1_000,
    "...",
    "abcdefgh...",
    " ",
    "Key (",
    "Key (a)=(",
    "[SQL: ",
    "[parameters: ",
    'invalid input syntax for x: "',
    "Cookie: a=b\n",
    "Authorization: Bearer x\n",
    "secret-0-of-mine ",
    "/*",
    ":/*",
]
