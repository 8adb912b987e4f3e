"""What lies beside the features and belongs to the document: pictures of descriptions, and what chapters are called."""

import os
import tomllib
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from pathlib import Path

from accord.errors import UsageError
from accord.living_docs.model import Chapter
from accord.recording.beside import CHAPTER, content_of, kind_of, path_of

Picture = Callable[[str], str | None]
"""The content of a picture, as a `data:` address, by its path; None for one that is not to be shown."""


class Beside:
    """The files beside the features: as the run recorded them, or else as they lie below the root."""

    def __init__(self, recorded: Mapping[str, bytes], root: Path) -> None:
        self.added: dict[str, str] = {}
        """The SHA-256 of each that was used and not recorded, by its path from the root."""
        self._recorded = recorded
        self._root = root

    def pictures(self, uri: str) -> Picture:
        """The pictures of the feature file of that address, which names them as seen from itself."""

        def picture(source: str) -> str | None:
            path = path_of(uri, source)
            recorded = self._recorded.get(path)
            content = content_of(self._root, path) if recorded is None else recorded
            if content is None:
                return None
            kind = kind_of(content)
            if kind and recorded is None:
                self._add(path, content)
            return f"data:{kind};base64,{b64encode(content).decode()}" if kind else None

        return picture

    def in_order(self, chapters: list[Chapter]) -> list[Chapter]:
        """The chapters as the `chapter.toml` in their folders has them; those without a position follow as they were.

        Raises UsageError for such a file that cannot be used.
        """
        positions: dict[str, float] = {}
        for chapter in chapters:
            found = self._settings(path_of(chapter.features[0].uri, CHAPTER))
            chapter.title, chapter.description = found.title or chapter.title, found.description
            for feature in chapter.features:
                feature.chapter = found.title or feature.chapter
            positions[chapter.slug] = found.position
        return sorted(chapters, key=lambda chapter: positions[chapter.slug])

    def title_of(self, uri: str) -> str:
        """What the `chapter.toml` beside a feature file calls its chapter; empty where it does not say."""
        return self._settings(path_of(uri, CHAPTER)).title

    def _settings(self, path: str) -> "_Settings":
        if (recorded := self._recorded.get(path)) is not None:
            # One that cannot be used may have been mended since.
            with suppress(UsageError):
                return _parsed(recorded, path)
        file = self._root / path
        # Not pathlib's, which raises for a path that cannot be one: other Cucumbers may have such addresses.
        if not os.path.isfile(file):
            return _Settings()
        try:
            content = file.read_bytes()
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error}") from None
        found = _parsed(content, path)
        self._add(path, content)
        return found

    def _add(self, path: str, content: bytes) -> None:
        self.added[path] = sha256(content).hexdigest()


@dataclass
class _Settings:
    title: str = ""
    description: str = ""
    position: float = inf


def _parsed(content: bytes, name: str) -> _Settings:
    try:
        found = tomllib.loads(content.decode())
    except ValueError as error:
        raise UsageError(f"{name} cannot be read: {error}") from None
    for setting, value in found.items():
        kinds = {"title": str, "description": str, "position": int}
        if not isinstance(value, kinds.get(setting, ())):
            raise UsageError(
                f"{name}: {setting} is not understood: it may have a title and a description, which are texts, and "
                "a position, which is a whole number"
            )
    return _Settings(**found)
