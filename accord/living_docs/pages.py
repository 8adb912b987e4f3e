"""Which pages a document has: one, or, where it is large, a front page that searches over all and one a chapter."""

import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from accord.basics.filenames import CHAPTERS, PAGE
from accord.basics.text import visible
from accord.living_docs.beside import Beside
from accord.living_docs.changes import Changes
from accord.living_docs.links import Links
from accord.living_docs.model import Chapter, Document, Pickle, counts, tally
from accord.living_docs.page import bar, environment, page, pieces, shown
from accord.living_docs.past_runs import History
from accord.living_docs.run import StepText
from accord.living_docs.state import State
from accord.recording import ndjson

LARGE = 20_000
"""From so many promises on a browser takes long to show them on one page."""

# By it a page of ours is known from a file of somebody else's, and `accord verify` knows of which messages it was made.
# It is in the first of so many bytes.
_GENERATOR = '<meta name="generator" content="Accord, a chapter"'
_BEGINNING = 2000
# As names of files may have, with what comes before and after.
_LONGEST_NAME = 200
# Of what is long, such as a text of a step or a message, the first so many characters are searched.
_SEARCHED = 500
# So many of a list are on the front page, where a search finds all.
_MOST = 200
_CHUNK = 3 * 2**14


def pages(
    document: Document,
    changes: Changes | None,
    links: Links,
    beside: Beside,
    history: History,
    messages: str | None,
    files: Mapping[str, str],
) -> Iterator[tuple[str, Iterator[str]]]:
    """The pages by the names of their files, each piece by piece; the page that one opens is the last.

    It names the `files` that were written before it, by their SHA-256: whoever writes the other pages adds them.
    """
    if not is_large(document):
        yield PAGE, page(document, changes, links, beside, history, messages, files)
        return
    templates = environment(document, links, beside)
    whole = shown(document, changes, beside, history, messages, files)
    for chapter in document.chapters:
        yield chapter.page, pieces(templates, "large/chapter.html", _of(chapter, whole))
    front = whole | {"most": _MOST, "data": _packed(_data(document))}
    yield PAGE, pieces(templates, "large/front.html", front, "large/front.js")


def is_large(document: Document) -> bool:
    """Whether it has a page for each chapter."""
    return sum(document.counts().values()) >= LARGE


def left(directory: Path) -> list[Path]:
    """The pages of chapters that are in a directory, and are Accord's."""
    return [path for path in directory.glob(CHAPTERS) if path.is_file() and _is_ours(path)]


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _GENERATOR.encode() in file.read(_BEGINNING)
    except OSError:
        return False


def name_pages(chapters: list[Chapter]) -> None:
    """Give each chapter the name of its page, made of its slug, so that it is the same from run to run."""
    taken: set[str] = set()
    for chapter in chapters:
        name = stem = chapter.slug.encode()[:_LONGEST_NAME].decode(errors="ignore")
        number = 1
        while name in taken:
            name, number = f"{stem}-{number + 1}", number + 1
        taken.add(name)
        chapter.page = f"{name}.html"
        for feature in chapter.features:
            feature.page = chapter.page


def _of(chapter: Chapter, whole: dict[str, Any]) -> dict[str, Any]:
    """What the page of a chapter shows."""
    promises = list(chapter.pickles())
    carried = {tag for pickle in promises for tag in pickle.tags}
    return whole | {
        "chapters": [chapter],
        "here": chapter.page,
        "generator": Markup(f'{_GENERATOR} data-sha256="{whole["document"].digest}">'),
        "sentence": tally(promises),
        "counts": (counted := counts(promises)),
        "bar": bar(counted),
        "tags": [tag for tag in whole["tags"] if tag in carried],
        # Of the whole, as the page says that leads here.
        "trend": None,
    }


def _data(document: Document) -> Iterator[str]:
    """What the front page searches, as JSON; `large/front.js` reads it."""
    features = [feature for chapter in document.chapters for feature in chapter.features]
    above = [[feature.page, feature.slug, visible(feature.description[:_SEARCHED])] for feature in features]
    states = {state.key: state.value for state in State}
    yield f'{{"states":{ndjson.dumps(states)},"features":{ndjson.dumps(above)},"rows":['
    between = ""
    for number, feature in enumerate(features):
        for pickle in feature.pickles():
            path, text = visible(" > ".join(pickle.path)), visible(_text(pickle))
            row = [number, pickle.slug, pickle.state.key, path, visible(" ".join(pickle.tags)), text]
            yield between + ndjson.dumps(row)
            between = ","
    yield "]}"


def _text(pickle: Pickle) -> str:
    said = [_step_text(step) for step in pickle.steps]
    if pickle.failure:
        said.append(pickle.failure.message[:_SEARCHED])
    return " ".join(said)


def _step_text(step: StepText) -> str:
    cells = " ".join(cell for row in step.table or () for cell in row)
    return " ".join(filter(None, (step.keyword, step.text, cells[:_SEARCHED], (step.doc or "")[:_SEARCHED])))


def _packed(texts: Iterator[str]) -> Iterator[Markup]:
    """A text as base64 of gzip: of a hundred thousand promises it would be the larger part of the page."""
    compressing = zlib.compressobj(wbits=31)
    waiting = b""
    for text in texts:
        waiting += compressing.compress(text.encode(errors="replace"))
        # Whole groups of three bytes, so that the pieces are base64 together too.
        if len(waiting) >= _CHUNK:
            yield Markup(b64encode(waiting[:_CHUNK]).decode())
            waiting = waiting[_CHUNK:]
    yield Markup(b64encode(waiting + compressing.flush()).decode())
