"""The documents of a messages file: the page, or pages, the summary and the requirements, written all or none."""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

from accord.basics.filenames import CHAPTERS, MESSAGES, PAGE, PAPER, REQUIREMENTS, SUMMARY
from accord.basics.files import Together, alone, together
from accord.basics.garbage import uncollected
from accord.errors import UsageError
from accord.living_docs.beside import Beside
from accord.living_docs.changes import changes
from accord.living_docs.former import FormerRun, read_former
from accord.living_docs.history import lines
from accord.living_docs.history import read as read_history
from accord.living_docs.history import write as write_history
from accord.living_docs.links import NO_LINKS, Links
from accord.living_docs.pages import is_large, left, name_pages, pages
from accord.living_docs.paper import browser, printed
from accord.living_docs.past_runs import NO_HISTORY, History
from accord.living_docs.reader import read
from accord.living_docs.requirements import as_csv, requirements
from accord.living_docs.summary import summary
from accord.recording.reader import STDIN

_WRITTEN = (PAGE, SUMMARY, REQUIREMENTS, PAPER)


@dataclass(frozen=True)
class Options:
    """What is compared with, where links lead, below which root lies what is beside the features, and the last runs."""

    since: FormerRun | None = None
    links: Links = NO_LINKS
    root: Path = Path()
    history: History | None = None
    beside: str | None = MESSAGES
    """The name that the messages file has, or will have, in the directory of the page, if that is where it is."""
    history_beside: str | None = None
    """The name of the file of the last runs, if it is there as well, and so is the messages file compared with."""
    since_beside: str | None = None


@dataclass(frozen=True)
class Rendered:
    """Where the page is until it takes its place; the state of the run, and what a run of a part ran, in words."""

    page: Path
    sentence: str
    part: str | None
    summary: str
    history: History
    """The last runs, together with this one."""


def write(
    messages: Path,
    directory: Path,
    baseline: Path | None = None,
    links: Links | None = None,
    history: Path | None = None,
    *,
    pdf: bool = False,
) -> str:
    """Write `index.html`, `summary.md` and `requirements.csv` into the directory, with `pdf` also `index.pdf`.

    A large document has a page for each chapter too, `chapter-….html`; those of another run are removed with it. All
    are written, or none, and the state is returned. What changed is shown since the run of the messages file
    `baseline`, and the last runs of each promise as the file `history` has them, to which this run is added. Raises
    UsageError for a file that cannot be read, where nothing can be written, and for a PDF that cannot be made.
    """
    chromium = browser() if pdf else None
    since = read_former(baseline) if baseline else None
    for path in filter(None, (messages, baseline)):
        is_there = os.path.realpath(path.parent) == os.path.realpath(directory)
        overwritten = is_there and fnmatch(path.name, CHAPTERS)
        if overwritten or os.path.realpath(path) in (os.path.realpath(directory / name) for name in _WRITTEN):
            raise UsageError(f"{path} would be overwritten by what is made of it: choose another directory")
    try:
        with _alone_with(history), together() as documents:
            options = Options(
                since,
                links or NO_LINKS,
                history=read_history(history) if history else None,
                beside=_beside(messages, directory),
                history_beside=name_in(history, directory) if history else None,
                since_beside=_beside(baseline, directory) if baseline else None,
            )
            rendered = render(documents, messages, directory, options)
            if history:
                write_history(rendered.history, documents, history)
            if chromium:
                with printed(rendered.page, chromium) as paper:
                    documents.copy(paper, directory / PAPER)
            return rendered.sentence
    except OSError as error:
        raise UsageError(f"{error.filename or directory} cannot be written: {error.strerror or error}") from None


def _alone_with(history: Path | None) -> AbstractContextManager[None]:
    """Have no other run add itself to the history meanwhile: one of both would be lost."""
    if history is None:
        return nullcontext()
    history.parent.mkdir(parents=True, exist_ok=True)
    return alone(history.parent)


def _beside(messages: Path, directory: Path) -> str | None:
    """Return the name of the messages file if it lies in the directory."""
    there = directory / messages.name
    is_beside = messages != STDIN and _is_in(messages, directory)
    return there.name if is_beside and there.is_file() else None


def _is_in(path: Path, directory: Path) -> bool:
    return os.path.realpath(path.parent) == os.path.realpath(directory)


def name_in(path: Path, directory: Path) -> str | None:
    """Return the name of a file if the directory is where it is, or will be."""
    return path.name if _is_in(path, directory) else None


def _digest(pieces: Iterable[str]) -> str:
    digest = sha256()
    for piece in pieces:
        digest.update(piece.encode(errors="replace"))
    return digest.hexdigest()


class _Written:
    """The files of a document, which are written into its directory: the SHA-256 of each, by its name."""

    def __init__(self, documents: Together, directory: Path) -> None:
        self.digests: dict[str, str] = {}
        self._documents = documents
        self._directory = directory

    def write(self, name: str, pieces: Iterable[str]) -> Path:
        """Write a file, and return where it is until it takes its place."""
        digest = sha256()

        def noted() -> Iterator[str]:
            for piece in pieces:
                digest.update(piece.encode(errors="replace"))
                yield piece

        written = self._documents.write(self._directory / name, noted())
        self.digests[name] = digest.hexdigest()
        return written


@uncollected()
def render(documents: Together, messages: Path, directory: Path, options: Options) -> Rendered:
    """Write them as `write` does; they take their places together with all of `documents`.

    Raises UsageError for a file that cannot be read, and OSError.
    """
    document = read(messages)
    beside = Beside(document.beside, options.root)
    document.chapters = beside.in_order(document.chapters)
    compared = None
    if options.since:
        # The run before called them as its own messages say, which are read without what is attached.
        for feature in {promise.feature for promise in options.since.promises}:
            feature.chapter = beside.title_of(feature.uri) or feature.chapter
        compared = changes(options.since, document)
        document.not_read = compared.unread
    past = NO_HISTORY
    if options.history is not None:
        past = options.history.with_run(document, compared.moved if compared else None)
    directory.mkdir(parents=True, exist_ok=True)
    if is_large(document):
        name_pages(document.chapters)
    written = _Written(documents, directory)
    written.write(REQUIREMENTS, as_csv(requirements(document), document))
    markdown = "\n".join(summary(document, compared, options.links))
    written.write(SUMMARY, [markdown])
    if options.history is not None and options.history_beside:
        written.digests[options.history_beside] = _digest(lines(past))
    if options.since and options.since_beside:
        written.digests[options.since_beside] = options.since.digest
    # The page that one opens is the last, and has the digests of the others. Each is read piece by piece, since none
    # is to be in memory as a whole.
    shown = past.until(document)
    for name, pieces in pages(document, compared, options.links, beside, shown, options.beside, written.digests):
        page = written.write(name, pieces)
    for path in left(directory):
        if path.name not in written.digests:
            documents.remove(path)
    part = document.part_sentence() if document.parts else None
    return Rendered(page, document.sentence(), part, markdown, past)
