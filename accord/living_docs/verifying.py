"""Whether a page, or pages, and the messages beside them belong together, and are as they were written."""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from html import unescape
from pathlib import Path

from accord.basics.filenames import MESSAGES, PAGE
from accord.errors import NoSuchFileError, UsageError
from accord.recording.reader import TORN, messages

# Nobody's text on the page has a `<` of its own.
_SECTION = re.compile(rb'<section id="colophon" data-sha256="([0-9a-f]{64})"(?: data-messages="([^"]*)")?')
_SEAL = re.compile(rb"\n<!-- The SHA-256 of all above is ([0-9a-f]{64}) -->\s*\Z")
# Of a large document: the pages of its chapters, to which the page leads, and what each says of its messages.
_CHAPTER = re.compile(rb'href="(chapter-[^"#]+\.html)#')
_OF_CHAPTER = re.compile(rb'<meta name="generator" content="Accord, a chapter" data-sha256="([0-9a-f]{64})">')
_AGAIN = "render it again"


@dataclass
class Verified:
    """The page, the messages that it names, their digest, and what is wrong: nothing where they belong together."""

    page: Path
    messages: Path
    digest: str = ""
    faults: list[str] = field(default_factory=list)


def verify(directory: Path) -> Verified:
    """Hold the page of a directory against the messages file there. Raises UsageError for what cannot be read."""
    verified = Verified(directory / PAGE, directory / MESSAGES)
    verified.faults += _of_page(verified)
    verified.faults += _of_messages(verified)
    return verified


def _of_page(verified: Verified) -> Iterator[str]:
    """Yield what is wrong with the page, and note which messages it was made of."""
    page = verified.page
    content = yield from _sealed(page)
    if found := _SECTION.search(content):
        verified.digest = found[1].decode()
        name = Path(unescape(found[2].decode(errors="replace")) if found[2] else MESSAGES).name
        verified.messages = page.with_name(name)
    for name in sorted({name.decode() for name in _CHAPTER.findall(content)}):
        found = _OF_CHAPTER.search((yield from _sealed(page.with_name(name))))
        if found and found[1].decode() != verified.digest:
            yield f"{page.with_name(name)} was made of other messages than {page}: {_AGAIN}."


def _sealed(page: Path) -> Generator[str, None, bytes]:
    """Yield what is wrong with the digest at the end of a page, and return the page; nothing of one that is missing."""
    try:
        content = page.read_bytes()
    except FileNotFoundError:
        yield f"{page} is missing: {_AGAIN}."
        return b""
    except OSError as error:
        raise UsageError(f"{page} cannot be read: {error.strerror or error}") from None
    if (seal := _SEAL.search(content)) is None:
        yield f"{page} is torn, or not a page of Accord's that says of what it was made: {_AGAIN}."
    elif sha256(content[: seal.start()]).hexdigest() != seal[1].decode():
        yield f"{page} is changed: it is not what was written: {_AGAIN}."
    return content


def _of_messages(verified: Verified) -> Iterator[str]:
    path, digest, last = verified.messages, sha256(), ""
    try:
        for _number, kind, _message in messages(path, each=digest.update):
            last = kind
    except NoSuchFileError:
        yield f"{path} is missing: {verified.page} cannot be held against it."
        return
    except UsageError as error:
        yield f"{path} is changed: {error}."
        return
    if not verified.digest or digest.hexdigest() == verified.digest:
        return
    if last == TORN:
        yield f"{path} is torn: it ends in the middle of a line."
    elif last != "testRunFinished":
        yield f"{path} is torn: it has no end of the run."
    else:
        yield (
            f"{path} is changed: {verified.page} was made of messages whose SHA-256 is {verified.digest}, "
            f"and theirs is {digest.hexdigest()}."
        )
