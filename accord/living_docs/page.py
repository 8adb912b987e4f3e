"""The document as an HTML page, which asks the network for nothing."""

import re
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from gherkin.dialect import DIALECTS
from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from markupsafe import Markup

from accord import cache
from accord.basics.filenames import PAGE, REQUIREMENTS, TEMPLATES
from accord.basics.text import one_line, visible
from accord.errors import AccordError
from accord.living_docs.attachments import rendered
from accord.living_docs.beside import Beside
from accord.living_docs.causes import cause, causes, own_frame
from accord.living_docs.changes import Changes
from accord.living_docs.colophon import colophon
from accord.living_docs.former import FormerFeature
from accord.living_docs.hindsight import Hindsight
from accord.living_docs.index import foreign, operations, sentences, slowest, slowest_steps
from accord.living_docs.links import NO_LINKS, Links, linked, web
from accord.living_docs.markdown import html
from accord.living_docs.model import Chapter, Document, Feature, Pickle, tally
from accord.living_docs.outline import addresses
from accord.living_docs.past_runs import NO_HISTORY, History
from accord.living_docs.requirements import requirements
from accord.living_docs.state import State
from accord.living_docs.trend import trend
from accord.living_docs.words import coloured, comparison, css_string, moment, plain, took

SEAL = "\n<!-- The SHA-256 of all above is {} -->\n"
"""How each page ends."""

# As much of a title as stands in the margin of each sheet.
_LONGEST_TITLE = 80

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
    beside: Beside | None = None,
    history: History = NO_HISTORY,
    messages: str | None = None,
    files: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """The whole as one page, piece by piece, which ends with its own digest.

    What lies beside the features is as the run recorded it, unless it is given. `messages` is the name of the messages
    file if that lies beside the page, and `files` has the SHA-256 of each other one there that belongs to it.
    """
    beside = beside or Beside(document.beside, Path())
    of_all = shown(document, changes, beside, history, messages, files or {})
    return pieces(environment(document, links, beside), "page.html", of_all)


def environment(document: Document, links: Links, beside: Beside) -> Environment:
    """What the templates of a document are rendered with."""
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
        "address": _address,
        "cause": cause,
        "coloured": coloured,
        "comparison": comparison,
        "moment": moment,
        "plain": plain,
        "rendered": rendered,
        "markdown": lambda text, feature: html(text, beside.pictures(feature.uri)),
        "own_frame": own_frame,
        "linked": partial(linked, address=(source := links.to_source(document.metadata))),
        "source": source,
        "tag_address": pass_context(lambda context, tag: _of_whole(context, links.of_tag(tag))),
        "took": took,
        "web": web,
    }
    environment.globals |= {state.name: state for state in State} | {"lang": _lang, "tally": tally}
    return environment


def shown(
    document: Document,
    changes: Changes | None,
    beside: Beside,
    history: History,
    messages: str | None,
    files: Mapping[str, str],
) -> dict[str, Any]:
    """What the page of the whole shows."""
    found = requirements(document)
    return {
        "document": document,
        "chapters": document.chapters,
        "here": "",
        "most": None,
        "sentence": document.sentence(),
        "run_since": len(document.run_since()) if document.parts else 0,
        "counts": (counts := document.counts()),
        "bar": bar(counts),
        "changes": changes,
        "addresses": set(addresses(document)) if changes else set(),
        "history": Hindsight(history, changes),
        "trend": trend(history),
        "causes": causes(document.broken()),
        "sections": _sections(document, counts, changes),
        "operations": operations(document),
        "sentences": sentences(document),
        "foreign": foreign(document),
        "slowest": slowest(document),
        "slowest_steps": slowest_steps(document),
        "tags": [requirement.tag for requirement in found if requirement.tag and requirement.pickles],
        "requirements": found,
        "colophon": colophon(document, changes, history),
        "messages": messages,
        "files": files,
        # Read where it is shown, at the end: pictures are known once the descriptions are.
        "added": beside.added,
        "as_csv": REQUIREMENTS,
    }


def _sections(document: Document, counts: dict[State, int], changes: Changes | None) -> list[tuple[str, str, int]]:
    """The sections before the promises: the address of each, its title, and how much is in it."""
    return [
        ("broken", "Broken", counts[State.BROKEN] + len(document.problems)),
        ("flaky", "Flaky", counts[State.FLAKY]),
        ("unmade", "Not yet implemented", counts[State.UNMADE]),
        ("unrun", "Not run", counts[State.UNRUN]),
        ("unread", "Not read", len(document.not_read)),
        ("changed", "Changed", sum(count for _, count in changes.counted()) if changes else 0),
    ]


def pieces(environment: Environment, template: str, shown: dict[str, Any], script: str = "page.js") -> Iterator[str]:
    """A page of that template, piece by piece, with what it shows; it ends with its own digest."""
    style = Markup(_source(environment, "page.css") + _margins(shown["document"]))
    code = Markup(_script(environment, script))
    digest = sha256()
    # Not `render`, which would have the page of a large run in memory as one text.
    for piece in environment.get_template(template).generate(
        **shown, style=style, script=code, policy=policy(style, code)
    ):
        # Here, since it goes for all that others wrote, wherever in the template it is.
        seen = visible(piece)
        digest.update(seen.encode(errors="replace"))
        yield seen
    yield SEAL.format(digest.hexdigest())


def _margins(document: Document) -> str:
    """What stands in the margins of each sheet of paper: the title and the date, and which sheet it is."""
    title, started = one_line(document.title), document.metadata.started
    if len(title) > _LONGEST_TITLE:
        title = f"{title[:_LONGEST_TITLE]}…"
    left = css_string(f"{title} · {moment(started)}" if started else title)
    return f'@page{{@bottom-left{{content:{left}}}@bottom-right{{content:counter(page) " of " counter(pages)}}}}\n'


@pass_context
def _address(context: Context, target: Chapter | Feature | Pickle) -> str:
    """Where something is, as seen from the page that is rendered."""
    return f"#{target.slug}" if target.page == context["here"] else f"{target.page}#{target.slug}"


def _of_whole(context: Context, address: str) -> str:
    """What filters, filters the whole, and not the page of a chapter."""
    return PAGE + address if context["here"] and address.startswith("?") else address


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


def _lang(feature: Feature | FormerFeature | None) -> Markup:
    """The attribute that says in which language it is written, where that is not the page's own."""
    language = (feature and feature.language) or "en"
    code = _CODES.get(language, language) if language in DIALECTS else ""
    return Markup("") if code == "en" else Markup(' lang="{}"').format(code)


def _source(environment: Environment, name: str) -> str:
    assert environment.loader
    return environment.loader.get_source(environment, name)[0]


def _script(environment: Environment, name: str) -> str:
    """The script, with the files that it includes: `//= query.js`, in a line of its own."""
    return re.sub(r"^//= (\S+)\n", lambda found: _source(environment, found[1]), _source(environment, name), flags=re.M)


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
