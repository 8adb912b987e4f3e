"""The document as one HTML page, which needs nothing else and asks the network for nothing."""

import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pickle import UnpicklingError
from urllib.parse import quote, urlsplit

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from accord import cache
from accord.basics.filenames import TEMPLATES
from accord.basics.text import visible
from accord.errors import AccordError, UsageError
from accord.living_docs.attachments import rendered
from accord.living_docs.changes import Changes
from accord.living_docs.index import operations, sentences, slowest, slowest_steps
from accord.living_docs.model import Document, tally
from accord.living_docs.state import State
from accord.living_docs.words import coloured, comparison, moment, paragraphs, plain, took


def page(document: Document, changes: Changes | None, tag_link: str | None) -> Iterator[str]:
    """The page, piece by piece."""
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
        "paragraphs": paragraphs,
        "plain": plain,
        "rendered": rendered,
        "tag_address": tag_address(tag_link),
        "took": took,
        "web": web,
    }
    environment.globals |= {"KEPT": State.KEPT, "BROKEN": State.BROKEN, "FLAKY": State.FLAKY, "tally": tally}
    style, script = (Markup(_source(environment, name)) for name in ("page.css", "page.js"))
    # Not `render`, which would have the page of a large run in memory as one text.
    pieces = environment.get_template("page.html").generate(
        document=document,
        changes=changes,
        style=style,
        script=script,
        policy=policy(style, script),
        bar=bar(document.counts()),
        operations=operations(document),
        sentences=sentences(document),
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


def web(address: str) -> str | None:
    """The address, if a browser may follow it."""
    try:
        return address if urlsplit(address).scheme in ("http", "https") else None
    except ValueError:
        return None


def tag_address(template: str | None) -> Callable[[str], str]:
    """How a tag becomes an address; without a template, one that filters the page. Raises UsageError."""
    if template is None:
        return lambda tag: "?tag=" + quote(visible(tag), safe="")
    if web(template) is None or not urlsplit(template).netloc or "{tag}" not in template:
        raise UsageError(f"{template} is not an address to link tags to: write one as https://tracker.example/{{tag}}")
    return lambda tag: template.replace("{tag}", quote(visible(tag).removeprefix("@"), safe=""))
