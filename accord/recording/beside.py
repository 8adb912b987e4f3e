"""What lies beside the features and belongs to their document: what chapters are called, and pictures of descriptions.

A run records it, so that a document can be made of its messages alone.
"""

import tomllib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from textwrap import dedent
from typing import Any

from accord.gherkin.document import Document
from accord.recording.envelopes import Envelope

BESIDE = "application/x.accord.beside"
"""The type of the attachment that has such a file, by its path from the root."""
CHAPTER = "chapter.toml"
# By their first bytes. A browser runs no script of an SVG that is shown as a picture.
_KINDS = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"<svg": "image/svg+xml",
    b"<?xml": "image/svg+xml",
}
# In bytes: a page is to be sent by mail.
_LARGEST = 2_000_000
# How one is written in Markdown.
_PICTURE = "!["


def path_of(uri: str, name: str) -> str:
    """Return the path, from the root, of what a feature file names as seen from itself."""
    return normpath(join(dirname(uri), name))


def kind_of(content: bytes) -> str | None:
    """Return the type of a picture; None for what is none, and is not to be shown."""
    return next((kind for start, kind in _KINDS.items() if content.startswith(start)), None)


def content_of(root: Path, path: str) -> bytes | None:
    """Return what a file has; nothing of one that is not there, not below the root, or too large to be shown."""
    try:
        found = root.joinpath(path).resolve()
        is_shown = found.is_relative_to(root.resolve()) and found.is_file() and found.stat().st_size <= _LARGEST
        return found.read_bytes() if is_shown else None
    except (OSError, ValueError):
        return None


def beside(document: Document, root: Path) -> Iterator[tuple[str, Envelope]]:
    """Yield the files that the document of a feature file shows, each by its path, as an attachment."""
    chapter = path_of(document.uri, CHAPTER)
    texts = [document.text]
    if (settings := content_of(root, chapter)) is not None:
        yield chapter, _attachment(chapter, settings)
        texts.append(settings.decode(errors="replace"))
    if any(_PICTURE in text for text in texts):
        for picture in {path_of(document.uri, name) for name in _pictures([document.tree, *map(_toml, texts[1:])])}:
            # What is none may be anything, and is nobody's to read.
            if (content := content_of(root, picture)) is not None and kind_of(content):
                yield picture, _attachment(picture, content)


def _attachment(path: str, content: bytes) -> Envelope:
    file = {"contentEncoding": "BASE64", "mediaType": BESIDE, "fileName": path}
    return {"attachment": {"body": b64encode(content).decode(), **file}}


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError:  # The document says what is wrong with it.
        return {}


def _pictures(node: Any) -> Iterator[str]:
    """Yield what the descriptions in a tree name as pictures."""
    # What reads Markdown is loaded for suites that have pictures.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    for description in _descriptions(node):
        if _PICTURE in description:
            # As the document has it, since Markdown takes what is indented for code.
            tokens = parser.parse(dedent(description).strip())
            inline = (child for token in tokens for child in token.children or ())
            yield from (str(it.attrs.get("src", "")) for it in inline if it.type == "image")


def _descriptions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(text := node.get("description"), str):
            yield text
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _descriptions(child)
