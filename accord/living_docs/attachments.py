"""What a step attached, as a reader wants it: an exchange as HTTP, text as text, an image as one, the rest by name."""

import re
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from accord.living_docs.model import Evidence
from accord.living_docs.reader import HAR, entries
from accord.living_docs.words import plain, took
from accord.recording.reader import UNFIT

_IMAGES = {"image/png", "image/jpeg", "image/gif"}
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*(?:={1,2}\s*)?")
_NAMES = {
    "text/x.cucumber.stacktrace+plain": "Traceback",
    "text/x.cucumber.log+plain": "Log",
    "application/sql": "SQL",
    "text/plain": "Text",
    "text/uri-list": "Links",
}
# In milliseconds; and how many times as long JSON may become when it is set out in lines.
_LONGEST_TIME = 1e12
_MOST_GROWTH = 20
_TEXT = ("text/", "application/json", "application/xml", "application/sql", "application/yaml")


@dataclass
class Shown:
    """A piece of evidence: what its fold says, and what is in it."""

    summary: str
    texts: list[str] = field(default_factory=list)
    image: str | None = None
    links: list[str] = field(default_factory=list)


def shown(evidence: Evidence) -> list[Shown]:
    """What to show of an attachment; the exchanges of a HAR document one by one."""
    if evidence.media_type == HAR:
        try:
            return [_exchange(entry) for entry in entries(evidence.body)] or [_file(evidence)]
        except UNFIT:
            return [_file(evidence)]
    return [_attached(evidence)]


def _attached(evidence: Evidence) -> Shown:
    media_type = evidence.media_type.partition(";")[0].strip().lower()
    name = evidence.name or _NAMES.get(media_type, media_type)
    if evidence.url:
        return Shown(name, links=[evidence.url])
    if media_type in _IMAGES and evidence.base64 and _BASE64.fullmatch(evidence.body):
        return Shown(name, image=f"data:{media_type};base64,{evidence.body}")
    if not media_type.startswith(_TEXT) or (text := _text(evidence)) is None:
        return _file(evidence)
    if media_type == "text/uri-list":
        return Shown(name, links=[line for line in text.split() if not line.startswith("#")])
    return Shown(name, [_indented(text) if "json" in media_type else plain(text)])


def _text(evidence: Evidence) -> str | None:
    """The text, unless it is said to be one and is none."""
    try:
        return b64decode(evidence.body, validate=True).decode() if evidence.base64 else evidence.body
    except ValueError:
        return None


def _file(evidence: Evidence) -> Shown:
    size = len(evidence.body.rstrip("=")) * 3 // 4 if evidence.base64 else len(evidence.body.encode(errors="replace"))
    return Shown(
        f"{evidence.name or 'A file'}: {evidence.media_type}, {size:,} byte{'' if size == 1 else 's'}, not shown"
    )


def _exchange(entry: dict[str, Any]) -> Shown:
    request, response = entry["request"], entry["response"]
    address = urlsplit(str(request["url"]))
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    answer = f"{response['status']} {response.get('statusText') or ''}".strip()
    operation = entry.get("_operation") or f"{request['method']} {target}"
    time = f", {took(entry['time'] / 1000)}" if 0 <= entry.get("time", -1) < _LONGEST_TIME else ""
    first = f"{request['method']} {target} {request.get('httpVersion') or ''}".strip()
    last = f"{response.get('httpVersion') or ''} {answer}".strip()
    return Shown(
        f"{operation}: {answer}{time}",
        [
            _message(first, request.get("headers") or [], request.get("postData") or {}),
            _message(last, response.get("headers") or [], response.get("content") or {}),
        ],
    )


def _message(first: str, headers: list[dict[str, Any]], body: dict[str, Any]) -> str:
    lines = [first, *(f"{header['name']}: {header['value']}" for header in headers)]
    text = str(body.get("text") or "") if body.get("encoding") != "base64" else ""
    if text:
        lines += ["", _indented(text) if "json" in str(body.get("mimeType")) else text]
    if body.get("comment"):
        lines += ["", f"[{body['comment']}]"]
    return "\n".join(lines)


def _indented(body: str) -> str:
    """The JSON set out in lines, if that changes its white space only, and does not make very much of it."""
    try:
        indented = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except (ValueError, TypeError):
        return body
    if len(indented) > _MOST_GROWTH * len(body):
        return body
    return indented if "".join(indented.split()) == "".join(body.split()) else body
