"""What a step attached, to be read: exchanges as HTTP, text, tables, pictures, and the rest to be saved."""

import csv
import mimetypes
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from accord.living_docs.links import web
from accord.living_docs.reading.attachments import HAR, exchanges
from accord.living_docs.run import Attachment
from accord.living_docs.words import took
from accord.recording.http_text import http_text, in_lines, status_of, target
from accord.recording.reader import UNFIT

# In an image, a browser runs no script of SVG's and loads nothing for it.
_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"}
# What a browser opens by itself, and runs no script of ours in; all else is saved as bytes.
_OPENED = re.compile(r"(?:video|audio)/[a-z0-9.+-]+|application/pdf")
_TABLES = {"text/csv": ",;\t|", "text/tab-separated-values": "\t"}
_QUOTED = re.compile('"[^"]*"')
_MOST_ROWS = 1000
# What Accord says of a body that is not all there.
_CUT = re.compile(r"the first \d+ of \d+ characters|binary, \d+ bytes")
_WHOLE = "A step that attaches a body, as by attach(response.content), has all of it in the record."
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
_SUFFIXES = ("+json", "+xml", "+yaml")


@dataclass
class RenderedAttachment:
    """A part of an attachment: the line that can be opened, and what is in it."""

    summary: str
    texts: list[str] = field(default_factory=list)
    image: str | None = None
    links: list[str] = field(default_factory=list)
    table: list[list[str]] = field(default_factory=list)
    """Rows, of which the first one is the header."""
    save: str | None = None
    """An address from which a browser saves it, under `file_name`."""
    file_name: str = ""


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
    if attachment.url and web(attachment.url):
        return RenderedAttachment(name, links=[attachment.url])
    if attachment.url:
        return RenderedAttachment(f"{name}: not embedded, it was at {attachment.url}")
    if media_type in _IMAGES and (body := _base64(attachment)) is not None:
        return RenderedAttachment(name, image=f"data:{media_type};base64,{body}")
    is_text = media_type.startswith(_TEXT) or media_type.endswith(_SUFFIXES)
    if not is_text or (text := _text(attachment)) is None:
        return _file(attachment)
    if media_type == "text/uri-list":
        return RenderedAttachment(name, links=[line for line in text.split() if not line.startswith("#")])
    if media_type in _TABLES and (rows := _rows(text, _TABLES[media_type])):
        return _table(attachment, name, rows)
    return RenderedAttachment(name, [in_lines(text) if "json" in media_type else text])


def _rows(text: str, delimiters: str) -> list[list[str]]:
    """Return the rows of a table; none if it cannot be read as one."""
    header = _QUOTED.sub("", text).partition("\n")[0]
    delimiter = max(delimiters, key=header.count)
    try:
        return [row for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True) if row]
    except csv.Error:
        return []


def _table(attachment: Attachment, name: str, rows: list[list[str]]) -> RenderedAttachment:
    rest = len(rows) - 1 - _MOST_ROWS
    file = _file(attachment)
    summary = f"{name}: the first {_MOST_ROWS:,} of {len(rows) - 1:,} rows" if rest > 0 else name
    return RenderedAttachment(summary, table=rows[: _MOST_ROWS + 1], save=file.save, file_name=file.file_name)


def _text(attachment: Attachment) -> str | None:
    """Return the text; None if it cannot be decoded."""
    try:
        return b64decode(attachment.body, validate=True).decode() if attachment.base64 else attachment.body
    except ValueError:
        return None


def _base64(attachment: Attachment) -> str | None:
    """Return it in base64; None if that is not what it says it is."""
    if not attachment.base64:
        return b64encode(attachment.body.encode(errors="replace")).decode()
    # In lines, as mail has it, it is no address.
    return "".join(attachment.body.split()) if _BASE64.fullmatch(attachment.body) else None


def _file(attachment: Attachment) -> RenderedAttachment:
    media_type = attachment.media_type.partition(";")[0].strip().lower()
    name, body = attachment.name or "A file", _base64(attachment)
    if body is None:
        return RenderedAttachment(f"{name}: {attachment.media_type}, not shown, since it is not the base64 it is to be")
    # Four characters of base64 are three bytes.
    size = len(body.rstrip("=")) * 3 // 4
    summary = f"{name}: {attachment.media_type}, {size:,} byte{'' if size == 1 else 's'}"
    # A type of somebody else's, such as HTML, might be opened as a page.
    opened_as = media_type if _OPENED.fullmatch(media_type) else "application/octet-stream"
    file_name = attachment.name or f"attachment{mimetypes.guess_extension(media_type) or ''}"
    return RenderedAttachment(summary, save=f"data:{opened_as};base64,{body}", file_name=file_name)


def _exchange(entry: dict[str, Any]) -> RenderedAttachment:
    request, response = entry["request"], entry["response"]
    operation = entry.get("_operation") or f"{request['method']} {target(request)}"
    time = f", {took(entry['time'] / 1000)}" if 0 <= entry.get("time", -1) < _LONGEST_TIME else ""
    bodies = (request.get("postData") or {}, response.get("content") or {})
    is_cut = any(_CUT.fullmatch(str(body.get("comment"))) for body in bodies)
    texts = [*http_text(entry, indented=True), *([_WHOLE] if is_cut else [])]
    return RenderedAttachment(f"{operation}: {status_of(response)}{time}", texts)
