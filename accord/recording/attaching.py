"""What steps attach themselves: text, JSON, a picture or any other bytes, to be opened in the document."""

import json
from typing import Any, Protocol

from accord.recording.recorder import Recorder

_BEGINNINGS = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"%PDF-": "application/pdf",
}
_TEXTS = ("text/", "application/json", "application/xml", "application/yaml", "application/sql")


class Attach(Protocol):
    """The type of the fixture `attach`."""

    def __call__(self, body: object, media_type: str | None = None, name: str = "") -> None:
        """Attach text, bytes, or what is written as JSON; raises TypeError for what JSON cannot say."""


def attach_to(recorder: Recorder | None) -> Attach:
    """Return what attaches to the step that runs, or to the scenario where none does; in a plain test it does nothing.

    Secrets are hidden in text and JSON. Bytes are kept as they are, unless their media type is one of text.
    """

    def attach(body: object, media_type: str | None = None, name: str = "") -> None:
        if not isinstance(body, str | bytes | bytearray | memoryview):
            body, media_type = _json(body), media_type or "application/json"
        if recorder is None:
            return
        if isinstance(body, str):
            recorder.attach_text(body, media_type or "text/plain", name)
            return
        content = bytes(body)
        media_type = media_type or _kind(content)
        if media_type.startswith(_TEXTS) and (text := _text(content)) is not None:
            recorder.attach_text(text, media_type, name)
        else:
            recorder.attach_bytes(content, media_type, name)

    return attach


def _json(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)


def _kind(content: bytes) -> str:
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    found = (kind for start, kind in _BEGINNINGS.items() if content.startswith(start))
    return next(found, "application/octet-stream")


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
