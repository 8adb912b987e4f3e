"""A request and its response, as httpx has them, as an entry of HAR."""

import json
import re
from codecs import BOM_UTF8
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from functools import lru_cache
from typing import Any

import httpx

from accord.isolation.observed_stream import ObservedStream
from accord.recording.har import LONGEST_BODY, Entry, hidden
from accord.recording.redaction.redaction import Redaction

Headers = list[tuple[str, str]]

# From this status on a response may have an error of the database in it.
_FAILED = 400
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)


def entry(
    redaction: Redaction,
    request: httpx.Request,
    response: httpx.Response,
    began: int,
    ended: int,
    operation: str | None,
    *,
    is_documented: bool = True,
) -> Entry:
    """Return an exchange as a HAR entry; `_operation` names it as the app's OpenAPI document does.

    `_undocumented` says that it does not have the response. `response` is read; `began` and `ended` are
    nanoseconds since 1970.
    """
    milliseconds = round((ended - began) / 1_000_000, 3)
    # The request comes first: what is hidden in it is hidden in the response, too.
    if operation and "{" in operation:
        _learn_path(redaction, operation.partition(" ")[2], request.url.path)
    har_request, har_response = _request(redaction, request), _response(redaction, response)
    found = {
        "startedDateTime": datetime.fromtimestamp(began / 1_000_000_000, UTC).isoformat(),
        "time": milliseconds,
        "request": har_request,
        "response": har_response,
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        **({"_operation": operation} if operation else {}),
        **({} if is_documented else {"_undocumented": True}),
    }
    return hidden(redaction, found) if redaction.known else found


def _learn_path(redaction: Redaction, template: str, path: str) -> None:
    """Learn what the path holds where the app's document has the name of a secret."""
    # From the end, since an app that is mounted has a longer path than its document says.
    for name, value in zip(reversed(template.split("/")), reversed(path.split("/")), strict=False):
        if name.startswith("{") and name.endswith("}"):
            redaction.named(name[1:-1], value)


def _request(redaction: Redaction, request: httpx.Request) -> dict[str, Any]:
    headers = _decoded(tuple(request.headers.raw))
    pairs = request.url.params.multi_items() if request.url.query else []
    query = [{"name": name, "value": redaction.named(name, value)} for name, value in pairs]
    try:
        body: bytes | None = request.content
    except httpx.RequestNotRead:
        body = None
    found: dict[str, Any] = {
        "method": request.method,
        "url": redaction.url(str(request.url)),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(redaction, headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": -1 if body is None else len(body),
    }
    if body is None:
        if isinstance(request.stream, ObservedStream):
            _posted(redaction, bytes(request.stream.observed), _header(headers, "content-type"))
        found["postData"] = {"mimeType": "", "text": "", "comment": "sent as a stream, which is not kept"}
    elif body:
        found["postData"] = _posted(redaction, body, _header(headers, "content-type"))
    return found


def _response(redaction: Redaction, response: httpx.Response) -> dict[str, Any]:
    headers = _decoded(tuple(response.headers.raw))
    content_type = _header(headers, "content-type")
    content = {"size": len(response.content), **_content(redaction, response.content, content_type)}
    if response.status_code >= _FAILED:
        content["text"] = redaction.text(content["text"])
    return {
        "status": response.status_code,
        "statusText": response.reason_phrase,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(redaction, headers),
        "content": content,
        "redirectURL": redaction.url(_header(headers, "location")),
        "headersSize": -1,
        "bodySize": len(response.content),
    }


def _headers(redaction: Redaction, headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": redaction.header(name, value)} for name, value in headers]


def _header(headers: Headers, name: str) -> str:
    return next((value for header, value in headers if header == name), "")


@lru_cache(maxsize=256)
def _decoded(raw: tuple[tuple[bytes, bytes], ...]) -> Headers:
    """Return the headers as text, whose encoding takes a while to find; most requests have those of the one before."""
    return httpx.Headers(list(raw)).multi_items()


def _posted(redaction: Redaction, body: bytes, content_type: str) -> dict[str, Any]:
    if not content_type.startswith("multipart/"):
        return _content(redaction, body, content_type)
    # The parser of e-mail reads multipart bodies, and wants their type as a header before them.
    parts = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body).get_payload()
    if not isinstance(parts, list):
        return {"mimeType": content_type, "text": "", "comment": f"{len(body)} bytes that are not a form"}
    return {"mimeType": content_type, "params": [_part(redaction, part) for part in parts if isinstance(part, Message)]}


def _part(redaction: Redaction, part: Message) -> dict[str, Any]:
    name = str(part.get_param("name", "", "content-disposition"))
    payload = part.get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    if filename := part.get_filename():
        content = {"fileName": filename, "contentType": part.get_content_type(), "comment": f"{len(body)} bytes"}
    else:
        content = {"value": redaction.field(name, body.decode(errors="replace"), part.get("content-type", ""))}
    return {"name": name, **content}


def _content(redaction: Redaction, body: bytes, content_type: str) -> dict[str, Any]:
    text = _text(body, content_type)
    if text is None:
        # Its text is not shown, but secrets in it may turn up elsewhere.
        if b"\0" not in body:
            redaction.body(body.decode(errors="replace"), content_type)
        return {"mimeType": content_type, "text": "", "comment": f"binary, {len(body)} bytes"}
    text = redaction.body(text, content_type)
    if len(text) <= LONGEST_BODY:
        return {"mimeType": content_type, "text": text}
    # Cut once it is redacted: half a secret would not be found.
    text = redaction.hide(text)
    cut = f"the first {LONGEST_BODY} of {len(text)} characters"
    return {"mimeType": content_type, "text": text[:LONGEST_BODY], "comment": cut}


def _text(body: bytes, content_type: str) -> str | None:
    """Return a body as text: of the encoding that it begins as, or else of the one that its type names; or None."""
    if b"\0" not in body and not body.startswith(BOM_UTF8):
        try:
            return body.decode()
        except UnicodeDecodeError:
            pass
    named = _CHARSET.search(content_type)
    # By zeros and byte order marks: it tells UTF-16 and UTF-32, of which a type need not say anything.
    for encoding in (json.detect_encoding(body), *([named[1]] if named else [])):
        try:
            text = body.decode(encoding)
        except (LookupError, ValueError):
            continue
        if "\0" not in text:
            return text
    return None
