"""The document as one HTML page, which needs nothing else and asks the network for nothing."""

import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from pickle import UnpicklingError

from gherkin.dialect import DIALECTS
from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from accord import cache
from accord.basics.filenames import TEMPLATES
from accord.basics.text import visible
from accord.errors import AccordError
from accord.living_docs.attachments import rendered
from accord.living_docs.beside import pictures
from accord.living_docs.causes import causes, own_frame
from accord.living_docs.changes import Changes
from accord.living_docs.history import NO_HISTORY, History
from accord.living_docs.index import foreign, operations, sentences, slowest, slowest_steps
from accord.living_docs.links import NO_LINKS, Links, web
from accord.living_docs.markdown import html
from accord.living_docs.model import Document, Feature, tally
from accord.living_docs.state import State
from accord.living_docs.words import coloured, comparison, moment, plain, took

# What Gherkin calls otherwise than BCP 47 does; an empty code is that of a language that is not known.
_CODES = {
    "amh": "am",
    "em": "",
    "en-lol": "en",
    "en-old": "ang",
    "en-pirate": "en",
    "en-tx": "en",
    "gj": "gu",
    "mk-Cyrl": "mk",
}


def page(
    document: Document,
    changes: Changes | None,
    links: Links = NO_LINKS,
    root: Path = Path(),
    history: History = NO_HISTORY,
) -> Iterator[str]:
    """The page, piece by piece; what lies beside the features is found below the root."""
    environment = Environment(
        loader=PackageLoader("accord.living_docs"),
        autoescape=True,
        # A name that a template misspells is an error, and not an empty place in the page.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Whoever has PYTHONDONTWRITEBYTECODE set does not want this cache either. It saves 75 ms a run.
        bytecode_cache=None if sys.dont_write_bytecode else _Compiled(),
    )
    environment.filters |= {
        "coloured": coloured,
        "comparison": comparison,
        "moment": moment,
        "plain": plain,
        "rendered": rendered,
        "markdown": lambda text, feature: html(text, pictures(root, feature.uri)),
        "own_frame": own_frame,
        "source": links.to_source(document.metadata),
        "tag_address": links.of_tag,
        "took": took,
        "web": web,
    }
    environment.globals |= {state.name: state for state in State} | {"lang": _lang, "tally": tally}
    style, script = (Markup(_source(environment, name)) for name in ("page.css", "page.js"))
    # Not `render`, which would have the page of a large run in memory as one text.
    pieces = environment.get_template("page.html").generate(
        document=document,
        changes=changes,
        history=history,
        trend=[bar(counts) for counts in history.counts()],
        causes=causes(document.broken()),
        style=style,
        script=script,
        policy=policy(style, script),
        bar=bar(document.counts()),
        operations=operations(document),
        sentences=sentences(document),
        foreign=foreign(document),
        slowest=slowest(document),
        slowest_steps=slowest_steps(document),
        tags=sorted({tag for pickle in document.pickles() for tag in pickle.tags}),
    )
    for piece in pieces:
        # Here, since it goes for all that others wrote, wherever in the template it is.
        yield visible(piece)


class _Compiled(BytecodeCache):
    """Keeps the compiled templates for the next run; where that is not safe or not possible, they are compiled anew."""

    def __init__(self) -> None:
        # What is compiled depends on the settings of the environment too, which jinja2 does not compare.
        self.directory = TEMPLATES.format(version=version("accord"))

    def load_bytecode(self, bucket: Bucket) -> None:
        # It is run as it stands. One that a power cut has torn is not read to its end.
        with suppress(OSError, AccordError, EOFError, UnpicklingError):
            bucket.bytecode_from_string(cache.read(cache.of_user(), self.directory, bucket.key))

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError, AccordError):
            cache.write(cache.of_user(), self.directory, bucket.key, content=bucket.bytecode_to_string())


def _lang(feature: Feature | None) -> Markup:
    """The attribute that says in which language it is written, where that is not the page's own."""
    language = (feature and feature.language) or "en"
    code = _CODES.get(language, language) if language in DIALECTS else ""
    return Markup("") if code == "en" else Markup(' lang="{}"').format(code)


def _source(environment: Environment, name: str) -> str:
    assert environment.loader
    return environment.loader.get_source(environment, name)[0]


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy under which the page's own style and script work, and nothing else does."""
    # By their hashes: script that comes in with somebody's text has another, and is not run.
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@dataclass
class Stretch:
    """A part of the bar, in percent."""

    state: State
    start: float
    width: float


def bar(counts: dict[State, int]) -> list[Stretch]:
    """The bar: even one promise of very many can be seen."""
    total = sum(counts.values())
    # Six thousandths of the bar are a few pixels.
    widths = {state: max(count / total, 0.006) for state, count in counts.items() if count}
    stretches: list[Stretch] = []
    start = 0.0
    for state, width in widths.items():
        part = 100 * width / sum(widths.values())
        stretches.append(Stretch(state, start, part))
        start += part
    return stretches
