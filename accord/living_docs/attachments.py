"""What a step attached, to be read: an exchange as HTTP, text as text, an image as one, the rest by name and size."""

import re
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any

from accord.living_docs.reading.attachments import HAR, exchanges
from accord.living_docs.run import Attachment
from accord.living_docs.words import plain, took
from accord.recording.http_text import http_text, in_lines, status_of, target
from accord.recording.reader import UNFIT

# SVG is not among them, since it may hold scripts.
_IMAGES = {"image/png", "image/jpeg", "image/gif"}
# What goes into an address on the page has no other characters than these.
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*(?:={1,2}\s*)?")
_NAMES = {
    "text/x.cucumber.stacktrace+plain": "Traceback",
    "text/x.cucumber.log+plain": "Log",
    "application/sql": "SQL",
    "text/plain": "Text",
    "text/uri-list": "Links",
}
# In milliseconds.
_LONGEST_TIME = 1e12
_TEXT = ("text/", "application/json", "application/xml", "application/sql", "application/yaml")


@dataclass
class RenderedAttachment:
    """A part of an attachment: the line that can be opened, and what is in it."""

    summary: str
    texts: list[str] = field(default_factory=list)
    image: str | None = None
    links: list[str] = field(default_factory=list)


def rendered(attachment: Attachment) -> list[RenderedAttachment]:
    """Return what to show of an attachment; the exchanges of a HAR document one by one."""
    if attachment.media_type == HAR:
        try:
            return [_exchange(entry) for entry in exchanges(attachment.body)] or [_file(attachment)]
        except UNFIT:
            return [_file(attachment)]
    return [_attached(attachment)]


def _attached(attachment: Attachment) -> RenderedAttachment:
    media_type = attachment.media_type.partition(";")[0].strip().lower()
    name = attachment.name or _NAMES.get(media_type, media_type)
    if attachment.url:
        return RenderedAttachment(name, links=[attachment.url])
    if media_type in _IMAGES and attachment.base64 and _BASE64.fullmatch(attachment.body):
        return RenderedAttachment(name, image=f"data:{media_type};base64,{attachment.body}")
    if not media_type.startswith(_TEXT) or (text := _text(attachment)) is None:
        return _file(attachment)
    if media_type == "text/uri-list":
        return RenderedAttachment(name, links=[line for line in text.split() if not line.startswith("#")])
    return RenderedAttachment(name, [in_lines(text) if "json" in media_type else plain(text)])


def _text(attachment: Attachment) -> str | None:
    """Return the text; None if it cannot be decoded."""
    try:
        return b64decode(attachment.body, validate=True).decode() if attachment.base64 else attachment.body
    except ValueError:
        return None


def _file(attachment: Attachment) -> RenderedAttachment:
    body = attachment.body
    # Four characters of base64 are three bytes.
    size = len(body.rstrip("=")) * 3 // 4 if attachment.base64 else len(body.encode(errors="replace"))
    return RenderedAttachment(
        f"{attachment.name or 'A file'}: {attachment.media_type}, {size:,} byte{'' if size == 1 else 's'}, not shown"
    )


def _exchange(entry: dict[str, Any]) -> RenderedAttachment:
    request, response = entry["request"], entry["response"]
    operation = entry.get("_operation") or f"{request['method']} {target(request)}"
    time = f", {took(entry['time'] / 1000)}" if 0 <= entry.get("time", -1) < _LONGEST_TIME else ""
    return RenderedAttachment(f"{operation}: {status_of(response)}{time}", [*http_text(entry, indented=True)])
