"""Living documentation: a stream of Cucumber Messages, of whatever Cucumber, as documents that people open."""

import os
from dataclasses import dataclass
from pathlib import Path

from accord.basics.files import Together, together
from accord.basics.garbage import uncollected
from accord.errors import UsageError
from accord.living_docs.changes import changes
from accord.living_docs.model import Document
from accord.living_docs.page import page, tag_address
from accord.living_docs.reader import read
from accord.living_docs.summary import summary

__all__ = ["Rendered", "read", "render", "tag_address", "write"]

PAGE = "index.html"
SUMMARY = "summary.md"


@dataclass(frozen=True)
class Rendered:
    """What a stream comes to: its state in a sentence, and in Markdown."""

    sentence: str
    summary: str


def write(stream: Path, directory: Path, baseline: Path | None = None, tag_link: str | None = None) -> str:
    """Write `index.html` and `summary.md` into the directory, both or none, and return the state in a sentence.

    What changed is told against the stream `baseline`. `{tag}` in `tag_link` stands for a tag, without its `@`.
    Raises UsageError for a stream that cannot be read, for a link that leads nowhere, and where nothing can be written.
    """
    tag_address(tag_link)
    since = read(baseline, evidence=False) if baseline else None
    for path in filter(None, (stream, baseline)):
        if os.path.realpath(path) in (os.path.realpath(directory / name) for name in (PAGE, SUMMARY)):
            raise UsageError(f"{path} would be overwritten by what is made of it: choose another directory")
    try:
        with together() as documents:
            return render(documents, stream, directory, since, tag_link).sentence
    except OSError as error:
        raise UsageError(f"{error.filename or directory} cannot be written: {error.strerror or error}") from None


@uncollected()
def render(
    documents: Together, stream: Path, directory: Path, since: Document | None, tag_link: str | None
) -> Rendered:
    """Write them as `write` does, to be there once `documents` are. Raises OSError, and AccordError."""
    document = read(stream)
    compared = changes(since, document) if since else None
    directory.mkdir(parents=True, exist_ok=True)
    documents.write(directory / PAGE, page(document, compared, tag_link))
    markdown = "\n".join(summary(document, compared))
    documents.write(directory / SUMMARY, [markdown])
    return Rendered(document.sentence(), markdown)
