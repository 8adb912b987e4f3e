"""The documents of a messages file: the page, or pages, and the summary, written all or none."""

import os
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from accord.basics.filenames import CHAPTERS, PAGE, SUMMARY
from accord.basics.files import Together, together
from accord.basics.garbage import uncollected
from accord.errors import UsageError
from accord.living_docs.beside import in_order
from accord.living_docs.changes import changes
from accord.living_docs.history import NO_HISTORY
from accord.living_docs.history import read as read_history
from accord.living_docs.links import NO_LINKS, Links
from accord.living_docs.model import Document
from accord.living_docs.pages import left, pages
from accord.living_docs.reader import read
from accord.living_docs.summary import summary


@dataclass(frozen=True)
class Options:
    """What is compared with, where links lead, below which root lies what is beside the features, and the last runs."""

    since: Document | None = None
    links: Links = NO_LINKS
    root: Path = Path()
    history: Path | None = None


@dataclass(frozen=True)
class Rendered:
    """The state of a run, in a sentence and in Markdown, and what a run of a part ran."""

    sentence: str
    part: str | None
    summary: str


def write(
    messages: Path,
    directory: Path,
    baseline: Path | None = None,
    links: Links | None = None,
    history: Path | None = None,
) -> str:
    """Write `index.html` and `summary.md` into the directory, both or none, and return the state in a sentence.

    A large document has a page for each chapter too, `chapter-….html`; those of another run are removed with it.
    What changed is shown since the run of the messages file `baseline`, and the last runs of each promise as the file
    `history` has them, to which this run is added. Raises UsageError for a file that cannot be
    read, and where nothing can be written.
    """
    since = read(baseline, attachments=False) if baseline else None
    for path in filter(None, (messages, baseline)):
        is_there = os.path.realpath(path.parent) == os.path.realpath(directory)
        overwritten = is_there and fnmatch(path.name, CHAPTERS)
        if overwritten or os.path.realpath(path) in (os.path.realpath(directory / name) for name in (PAGE, SUMMARY)):
            raise UsageError(f"{path} would be overwritten by what is made of it: choose another directory")
    try:
        with together() as documents:
            return render(documents, messages, directory, Options(since, links or NO_LINKS, history=history)).sentence
    except OSError as error:
        raise UsageError(f"{error.filename or directory} cannot be written: {error.strerror or error}") from None


@uncollected()
def render(documents: Together, messages: Path, directory: Path, options: Options) -> Rendered:
    """Write them as `write` does; they take their places together with all of `documents`.

    Raises UsageError for a file that cannot be read, and OSError.
    """
    document = read(messages)
    document.chapters = in_order(document.chapters, options.root)
    compared = changes(options.since, document) if options.since else None
    past = read_history(options.history).with_run(document) if options.history else NO_HISTORY
    directory.mkdir(parents=True, exist_ok=True)
    # The generator is read here, and the summary after it: the page is never in memory as a whole.
    names = set()
    for name, pieces in pages(document, compared, options.links, options.root, past):
        documents.write(directory / name, pieces)
        names.add(name)
    for path in left(directory):
        if path.name not in names:
            documents.remove(path)
    markdown = "\n".join(summary(document, compared))
    documents.write(directory / SUMMARY, [markdown])
    if options.history:
        documents.write(options.history, [past.text()])
    return Rendered(document.sentence(), document.part_sentence() if document.parts else None, markdown)
