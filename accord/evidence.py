"""What went over the wire, as entries of HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/).

It is redacted before anyone sees it: a value is hidden by its name, in headers, query, form and JSON at any depth, and
once hidden it is hidden wherever else it turns up, so that no message of a failed assertion gives it away.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from functools import lru_cache
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx

from accord import ndjson

Entry = dict[str, Any]
Headers = list[tuple[str, str]]

HIDDEN = "[redacted]"
LONGEST_BODY = 16_384
"""As many characters as are kept of a body."""

_CREATOR = {"name": "accord", "version": version("accord")}

# A name that has one of these in it, as `new_password` has, is a secret's; those of `_HARMLESS` are none.
_SECRET = re.compile("password|passwd|secret|token|apikey|api_key|authorization|cookie|credential|private_key")
_HARMLESS = {"token_type"}
# Anything shorter turns up by chance.
_SHORTEST_SECRET = 4
_ASSIGNED = re.compile(r"""(["']?)([\w.-]+)\1(\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;&}]+)""")


class Redaction:
    """Hides the values of names that are secret: those that always are, and those that a project adds."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(_plain(name) for name in names)
        self._any_name = re.compile("|".join([_SECRET.pattern, *map(re.escape, self._names)]))
        # Of two secrets, one of which begins as the other, the longer one is looked for first.
        self._longest_first: list[str] = []

    def forget(self) -> None:
        """Begin anew: what was hidden in one scenario may be no secret in the next."""
        self._longest_first.clear()

    def named(self, name: str, value: Any) -> Any:
        """Return the value, or what stands for it if its name is a secret's."""
        if not _is_secret(name, self._names) or value in (None, ""):
            return self._inside(value)
        self._learn(value)
        return HIDDEN

    def text(self, text: str) -> str:
        """Return the text without any value that was hidden before."""
        for value in self._longest_first:
            text = text.replace(value, HIDDEN)
        return text

    def body(self, text: str, media_type: str) -> str:
        """Return a body without what is secret in it; one that is broken is searched for what looks like a secret."""
        if media_type == "application/x-www-form-urlencoded":
            return self.query(text)
        if not self._longest_first and "\\" not in text and not self._any_name.search(_plain(text)):
            # No name of a secret's is in it, not even one that JSON escapes: most bodies need not be read.
            return text
        if re.fullmatch(r".+[/+]json", media_type):
            try:
                told = json.loads(text)
                hidden = self._inside(told)
            except (ValueError, RecursionError):
                return self.text(_ASSIGNED.sub(self._assigned, text))
            return text if hidden == told else json.dumps(hidden, ensure_ascii=False)
        return self.text(text)

    def query(self, query: str) -> str:
        """Return a query string, or a form, without what is secret in it."""
        pairs = parse_qsl(query, keep_blank_values=True)
        hidden = [(name, self.named(name, value)) for name, value in pairs]
        return self.text(query) if hidden == pairs else urlencode(hidden, safe="[]")

    def url(self, url: str) -> str:
        """Return a URL without what is secret in its query."""
        if "?" not in url:
            return self.text(url)
        parts = urlsplit(url)
        return self.text(urlunsplit(parts._replace(query=self.query(parts.query))))

    def _inside(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.named(name, part) for name, part in value.items()}
        if isinstance(value, list):
            return [self._inside(part) for part in value]
        return self.text(value) if isinstance(value, str) else value

    def _assigned(self, match: re.Match[str]) -> str:
        quote, name, sign, value = match.groups()
        return f"{quote}{name}{quote}{sign}{self.named(name, value)}"

    def _learn(self, value: Any) -> None:
        if isinstance(value, int) and not isinstance(value, bool):
            self._learn(str(value))
        elif isinstance(value, str):
            # Of `Bearer abc`, `abc` alone is as secret.
            parts = [value.strip("\"'"), *value.split()[1:]]
            self._longest_first += [part for part in parts if len(part) >= _SHORTEST_SECRET]
            self._longest_first = sorted(set(self._longest_first), key=len, reverse=True)
        elif isinstance(value, (dict, list)):
            for part in value.values() if isinstance(value, dict) else value:
                self._learn(part)


def entry(
    redaction: Redaction,
    request: httpx.Request,
    response: httpx.Response,
    began: int,
    ended: int,
    operation: str | None,
) -> Entry:
    """Return an exchange as a HAR entry; `_operation` names it as the app's OpenAPI document does.

    `response` is read; `began` and `ended` are nanoseconds since 1970.
    """
    milliseconds = round((ended - began) / 1_000_000, 3)
    # The request comes first: what is hidden in it is hidden in the response, too.
    asked, answered = _request(redaction, request), _response(redaction, response)
    return {
        "startedDateTime": datetime.fromtimestamp(began / 1_000_000_000, UTC).isoformat(),
        "time": milliseconds,
        "request": asked,
        "response": answered,
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        **({"_operation": operation} if operation else {}),
    }


def archive(entries: list[Entry]) -> str:
    """Return a HAR file of the entries."""
    # A lone half of a character has no UTF-8, so all but ASCII is escaped.
    return ndjson.dumps({"log": {"version": "1.2", "creator": _CREATOR, "entries": entries}})


def spoken(entry: Entry) -> str:
    """Return an exchange as one reads HTTP: the request, a blank line, the response."""
    request, response = entry["request"], entry["response"]
    asked = [f"{request['method']} {request['url']}", *_headers_spoken(request["headers"])]
    answered = [f"{response['status']} {response['statusText']}", *_headers_spoken(response["headers"])]
    sent = request.get("postData", {})
    parts = [[*asked, *_body_spoken(sent)], [*answered, *_body_spoken(response["content"])]]
    return "\n\n".join("\n".join(part) for part in parts)


def _headers_spoken(headers: list[dict[str, str]]) -> list[str]:
    return [f"{header['name']}: {header['value']}" for header in headers]


def _body_spoken(body: dict[str, Any]) -> list[str]:
    params = [f"{param['name']}={param.get('value', param.get('fileName'))}" for param in body.get("params", [])]
    return [*params, *(body[part] for part in ("text", "comment") if body.get(part))]


def _request(redaction: Redaction, request: httpx.Request) -> dict[str, Any]:
    headers = _decoded(tuple(request.headers.raw))
    pairs = request.url.params.multi_items() if request.url.query else []
    query = [{"name": name, "value": redaction.named(name, value)} for name, value in pairs]
    try:
        body: bytes | None = request.content
    except httpx.RequestNotRead:
        body = None
    told: dict[str, Any] = {
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
        told["postData"] = {"mimeType": "", "text": "", "comment": "sent as a stream, which is not kept"}
    elif body:
        told["postData"] = _posted(redaction, body, _header(headers, "content-type"))
    return told


def _response(redaction: Redaction, response: httpx.Response) -> dict[str, Any]:
    headers = _decoded(tuple(response.headers.raw))
    content_type = _header(headers, "content-type")
    content = {"size": len(response.content), **_content(redaction, response.content, content_type)}
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
    return [
        {"name": name, "value": redaction.url(value) if name == "location" else redaction.named(name, value)}
        for name, value in headers
    ]


def _header(headers: Headers, wanted: str) -> str:
    return next((value for name, value in headers if name == wanted), "")


@lru_cache(maxsize=256)
def _decoded(raw: tuple[tuple[bytes, bytes], ...]) -> Headers:
    """Return the headers as text, whose encoding takes a while to find; most requests have those of the one before."""
    return httpx.Headers(list(raw)).multi_items()


def _posted(redaction: Redaction, body: bytes, content_type: str) -> dict[str, Any]:
    if not content_type.startswith("multipart/"):
        return _content(redaction, body, content_type)
    parts = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body).get_payload()
    if not isinstance(parts, list):
        return {"mimeType": content_type, "text": "", "comment": f"{len(body)} bytes that are no form"}
    return {"mimeType": content_type, "params": [_part(redaction, part) for part in parts if isinstance(part, Message)]}


def _part(redaction: Redaction, part: Message) -> dict[str, Any]:
    name = str(part.get_param("name", "", "content-disposition"))
    payload = part.get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    if filename := part.get_filename():
        told = {"fileName": filename, "contentType": part.get_content_type(), "comment": f"{len(body)} bytes"}
    else:
        told = {"value": redaction.named(name, body.decode(errors="replace"))}
    return {"name": name, **told}


def _content(redaction: Redaction, body: bytes, content_type: str) -> dict[str, Any]:
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return {"mimeType": content_type, "text": "", "comment": f"binary, {len(body)} bytes"}
    # Cut once it is redacted: half a secret would not be found.
    text = redaction.body(text, media_type)
    if len(text) <= LONGEST_BODY:
        return {"mimeType": content_type, "text": text}
    cut = f"the first {LONGEST_BODY} of {len(text)} characters"
    return {"mimeType": content_type, "text": text[:LONGEST_BODY], "comment": cut}


@lru_cache(maxsize=4096)
def _is_secret(name: str, names: frozenset[str]) -> bool:
    plain = _plain(name)
    return plain in names or (bool(_SECRET.search(plain)) and plain not in _HARMLESS)


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
