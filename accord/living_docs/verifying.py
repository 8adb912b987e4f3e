"""Whether what was published together is still together, and as it was written."""

import errno
import gzip
import os
import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from hashlib import sha256
from html import unescape
from pathlib import Path

from accord.basics.filenames import KILLED, MESSAGES, PAGE, PAPER, REQUIREMENTS, SUMMARY
from accord.living_docs.page import SEAL
from accord.living_docs.pages import left
from accord.living_docs.paper import PRINTED
from accord.recording import ndjson
from accord.recording.reader import is_compressed

# Nobody's text on the page has a `<` of its own, and each of these begins a line.
_MADE_OF = re.compile(rb'<section id="colophon" data-sha256="([0-9a-f]{64})"(?: data-messages="([^"]*)")?')
_WITH = re.compile(rb'<li data-file="([^"]*)" data-sha256="([0-9a-f]{64})">')
_OF_CHAPTER = re.compile(rb'<meta name="generator" content="Accord, a chapter" data-sha256="([0-9a-f]{64})">')
_TAGS = (b'<section id="colophon"', b"<li data-file=", b'<meta name="generator"')
_ANY = "0" * 64
_SEALED = len(SEAL.format(_ANY))
_PRINTED = len(PRINTED.format(page=_ANY, above=_ANY))
# In bytes: how much of a file is in memory at once, which lines are not looked at, and how much of the end is kept.
_PIECE = 2**20
_LONGEST_LINE = 2**14
_END = 2**16
# So many names of other files are listed.
_MOST = 20
_COPY = (
    "look for a copy where the run was published, such as among the artifacts of CI, and do not render here, which "
    "would overwrite this one"
)


@dataclass
class Verified:
    """What a page, the messages that it names, and the files that were written with it are found to be."""

    page: Path
    messages: Path
    digest: str = ""
    """The SHA-256 of the messages, as the page has it."""
    digests: dict[Path, str] = field(default_factory=dict)
    """The SHA-256 of each file that is as it was written; of one that is compressed, that of its content."""
    faults: list[str] = field(default_factory=list)
    """What is missing, torn or changed, in a sentence each."""
    unseen: list[str] = field(default_factory=list)
    """Why nothing could be verified, or a file could not be read."""
    notes: list[str] = field(default_factory=list)
    """What was not verified."""


@dataclass
class _Content:
    """What is known of a file that was read piece by piece: digests of the whole, and of what is above its seal."""

    digest: str
    above: str
    end: bytes


def verify(directory: Path) -> Verified:
    """Hold what lies in a directory against what the page there says of it: of what it was made, and with what."""
    verified = Verified(directory / PAGE, directory / MESSAGES)
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        verified.unseen.append(f"{directory} cannot be read: {error.strerror}: name the directory of a document.")
        return verified
    killed = [name for name in names if fnmatch(name, KILLED)]
    verified.notes += [
        f"{directory / name} is of a run that was killed, or has not ended: nothing of it is in the document, and "
        f"`accord render {directory / name} -o DIR` makes one of it."
        for name in killed
    ]
    if {PAGE, MESSAGES, SUMMARY, REQUIREMENTS}.isdisjoint(names):
        verified.unseen.append(f"No document is in {directory}: name the directory that has {PAGE} and {MESSAGES}.")
        return verified
    _verify_page(verified)
    known = {path.name for path in verified.digests}
    others = [name for name in names if name not in known and name not in killed]
    if others and not verified.faults and not verified.unseen:
        more = f" and {len(others) - _MOST:,} more" if len(others) > _MOST else ""
        verified.notes.append(f"Not checked, as the page does not name it: {', '.join(others[:_MOST])}{more}.")
    return verified


def _verify_page(verified: Verified) -> None:
    page = verified.page
    if (content := _read(verified, page, _COPY, _SEALED)) is None:
        return
    tags = _tags(page)
    made_of = next(filter(None, map(_MADE_OF.match, tags)), None)
    named = {name: _text(found[2]) for found in map(_WITH.match, tags) if found and (name := _name(found[1]))}
    if not _is_sealed(content):
        has_seal = content.end.endswith(SEAL.partition("{}")[2].encode())
        fault = "is changed: it is not what was written" if has_seal else "is torn, or not a page of Accord's"
        verified.faults.append(f"{page} {fault}; {_COPY}.")
    elif made_of is None or not {REQUIREMENTS, SUMMARY} <= named.keys():
        verified.faults.append(f"{page} is changed: it does not say of what it was made, and with what; {_COPY}.")
    else:
        verified.digests[page] = content.digest
    if made_of is not None:
        verified.digest = _text(made_of[1])
        verified.messages = page.with_name(_name(made_of[2] or b"") or MESSAGES)
    _verify_messages(verified)
    for name, digest in named.items():
        _verify_file(verified, page.with_name(name), digest)
    if made_of is not None:
        verified.faults += [
            f"{path} is a page of another document: {page} does not lead to it."
            for path in left(page.parent)
            if path.name not in named
        ]
    _verify_paper(verified, content)


def _verify_messages(verified: Verified) -> None:
    path = verified.messages
    content = _read(verified, path, f"{verified.page} cannot be held against it")
    if content is None or not verified.digest:
        return
    if content.digest == verified.digest:
        verified.digests[path] = content.digest
    elif reason := _torn(content.end):
        verified.faults.append(f"{path} is torn: {reason}.")
    else:
        verified.faults.append(
            f"{path} is changed: {verified.page} was made of messages whose SHA-256 is {verified.digest}, "
            f"and theirs is {content.digest}."
        )


def _torn(end: bytes) -> str:
    """Say why a messages file that ends so ends too early; nothing if it does not."""
    if not end:
        return "it is empty"
    try:
        message = ndjson.loads(end.rstrip().rpartition(b"\n")[2])
    except (ValueError, RecursionError):
        # The end of a run is not so long that its beginning would not be there.
        return "it has no end of the run" if end.endswith(b"\n") else "it ends in the middle of a line"
    return "" if isinstance(message, dict) and "testRunFinished" in message else "it has no end of the run"


def _verify_file(verified: Verified, path: Path, digest: str) -> None:
    """Hold a file against the digest that the page has of it."""
    if (content := _read(verified, path, f"{verified.page} was written with it", _SEALED)) is None:
        return
    if content.digest == digest:
        verified.digests[path] = digest
        return
    of_chapter = next(filter(None, map(_OF_CHAPTER.match, _tags(path))), None)
    if of_chapter and _is_sealed(content) and _text(of_chapter[1]) != verified.digest:
        verified.faults.append(f"{path} was made of other messages than {verified.page}; {_COPY}.")
    else:
        verified.faults.append(
            f"{path} is changed: {verified.page} was written with one whose SHA-256 is {digest}, "
            f"and its is {content.digest}."
        )


def _verify_paper(verified: Verified, page: _Content) -> None:
    """Hold the PDF, if there is one, against the page; one that Accord did not print says nothing of it."""
    path = verified.page.with_name(PAPER)
    if not os.path.lexists(path) or (content := _read(verified, path, "", _PRINTED)) is None:
        return
    start, _, rest = PRINTED.format(page=page.digest, above=content.above).encode().partition(page.digest.encode())
    if not content.end[-_PRINTED:].startswith(start):
        return
    if not content.end.endswith(rest):
        verified.faults.append(f"{path} is changed: it is not what was printed.")
    elif not content.end.endswith(start + page.digest.encode() + rest):
        verified.faults.append(f"{path} was printed of another page than {verified.page}.")
    else:
        verified.digests[path] = content.digest


def _is_sealed(content: _Content) -> bool:
    return content.end.endswith(SEAL.format(content.above).encode())


def _read(verified: Verified, path: Path, missing: str, sealed: int = 0) -> _Content | None:
    """Read a file, of which as many bytes are its seal; None, and a sentence in `verified`, where that fails."""
    try:
        return _content(path, sealed)
    except FileNotFoundError:
        verified.faults.append(f"{path} is missing: {missing}.")
    except EOFError:
        verified.faults.append(f"{path} is torn: the compressed file ends too early.")
    except (gzip.BadGzipFile, zlib.error) as error:
        verified.faults.append(f"{path} is changed: it is not compressed as gzip has it: {error}.")
    except OSError as error:
        verified.unseen.append(f"{path} cannot be read: {error.strerror or error}.")
    return None


def _content(path: Path, sealed: int) -> _Content:
    digest, end = sha256(), b""
    held = b""
    for piece in _pieces(path):
        held += piece
        at = max(len(held) - sealed, 0)
        digest.update(held[:at])
        held = held[at:]
        end = (end + piece)[-_END:]
    above = digest.hexdigest()
    digest.update(held)
    return _Content(digest.hexdigest(), above, end)


def _pieces(path: Path) -> Iterator[bytes]:
    # Whoever opens a pipe waits for what is written into it.
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    with path.open("rb") as file:
        content = gzip.GzipFile(fileobj=file) if is_compressed(file) else file
        while piece := content.read(_PIECE):
            yield piece


def _tags(path: Path) -> list[bytes]:
    """Return the lines of a page that say where it comes from."""
    with path.open("rb") as file:
        return [line for line in iter(partial(file.readline, _LONGEST_LINE), b"") if line.startswith(_TAGS)]


def _text(found: bytes) -> str:
    return unescape(found.decode(errors="replace"))


def _name(found: bytes) -> str:
    """Return the name of a file beside the page; nothing for what is none, or leads elsewhere."""
    name = _text(found)
    return name if name == Path(name).name and name != ".." and "\0" not in name else ""
