"""What lies beside the features and belongs to the document: pictures of descriptions, and what chapters are called."""

import os
import tomllib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path, PurePosixPath

from accord.basics.source import relative
from accord.errors import UsageError
from accord.living_docs.model import Chapter

CHAPTER = "chapter.toml"
Picture = Callable[[str], str | None]
"""The content of a picture, as a `data:` address, by its path; None for one that is not to be shown."""

# By their first bytes. A browser runs no script of an SVG that is shown as a picture.
_PICTURES = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"<svg": "image/svg+xml",
    b"<?xml": "image/svg+xml",
}
LARGEST = 2_000_000
"""In bytes, of what is embedded: a page is to be sent by mail."""


def pictures(root: Path, uri: str) -> Picture:
    """The pictures of the feature file of that address: they lie below the root, and are written as paths from it."""
    whole = root.resolve()

    def picture(source: str) -> str | None:
        try:
            path = root.joinpath(uri).parent.joinpath(source).resolve()
            if not path.is_relative_to(whole) or path.stat().st_size > LARGEST:
                return None
            content = path.read_bytes()
        except (OSError, ValueError):
            return None
        kind = next((kind for start, kind in _PICTURES.items() if content.startswith(start)), None)
        return f"data:{kind};base64,{b64encode(content).decode()}" if kind else None

    return picture


def in_order(chapters: list[Chapter], root: Path) -> list[Chapter]:
    """The chapters as the `chapter.toml` in their folders has them; those without a position follow as they were.

    Raises UsageError for such a file that cannot be used.
    """
    positions: dict[str, float] = {}
    for chapter in chapters:
        path = root / PurePosixPath(chapter.features[0].uri).parent / CHAPTER
        found = _settings(path, relative(path, root))
        chapter.title, chapter.description = found.title or chapter.title, found.description
        positions[chapter.slug] = found.position
    return sorted(chapters, key=lambda chapter: positions[chapter.slug])


@dataclass
class _Settings:
    title: str = ""
    description: str = ""
    position: float = inf


def _settings(path: Path, name: str) -> _Settings:
    # Not pathlib's, which raises for a path that cannot be one: other Cucumbers may have such addresses.
    if not os.path.isfile(path):
        return _Settings()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{name} cannot be read: {error}") from None
    for setting, value in found.items():
        kinds = {"title": str, "description": str, "position": int}
        if not isinstance(value, kinds.get(setting, ())):
            raise UsageError(
                f"{name}: {setting} is not understood: it may have a title and a description, which are texts, and "
                "a position, which is a whole number"
            )
    return _Settings(**found)
