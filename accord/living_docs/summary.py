"""The state in Markdown: for a pull request, a chat, the summary of a CI job."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from accord.basics.text import one_line
from accord.living_docs.causes import Cause, causes
from accord.living_docs.changes import Changes
from accord.living_docs.former import Former
from accord.living_docs.links import NO_LINKS, Links, pieces, web
from accord.living_docs.model import Document, Pickle
from accord.living_docs.state import State
from accord.living_docs.words import moment, plain, took

# Markdown's own characters where they mean something, and those by which GitHub finds mentions, issues, emoji,
# formulas, entities and bare addresses.
_SPECIAL = re.compile(
    r"""[\\`*\[\]<#~@&$]
    |(?<![^\W_])_|_(?![^\W_])
    |:(?=//|[\w+-]+:)|(?<=www)\.|(?<=\bgh)-
    |^[-+=>]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d{3})[.)]""",
    re.VERBOSE | re.IGNORECASE,
)
# Of what does not make a run fail, the page has the rest.
_MOST = 10
# Two blanks at the end of a line are a line break.
_BREAK = "  \n  "
_TITLES = {State.FLAKY: "Flaky", State.UNMADE: "Not yet implemented", State.UNRUN: "Not run"}


def summary(document: Document, changes: Changes | None, links: Links = NO_LINKS) -> Iterator[str]:
    """The summary, paragraph by paragraph: all that is broken, each cause once, and the beginning of all else."""
    yield f"# {escaped(document.title)}: {document.sentence()}\n"
    yield " · ".join(filter(None, _run(document))) + "\n"
    if document.parts:
        yield f"{document.part_sentence(f' on {moment(document.parts[-1])}')}\n"
    if document.problems or document.broken():
        yield "## Broken\n"
        source = links.to_source(document.metadata)
        newly = set(changes.newly_broken) if changes else set()
        of_run = (f"- **{_linked(title, source)}**: {escaped(it.first_line)}\n" for title, it in document.problems)
        yield "".join((*of_run, *(_cause(cause, newly, source) for cause in causes(document.broken()))))
    for state, title in _TITLES.items():
        if pickles := document.of(state):
            yield f"## {title}\n"
            yield _list([f"**{_path(pickle)}**{_BREAK}{escaped(pickle.because)}" for pickle in pickles])
    if document.not_read:
        yield "## Not read\n"
        by_feature = Counter(former.feature for former in document.not_read)
        yield _list([f"{_names(it.chapter, it.name or it.uri)}: {count:,}" for it, count in by_feature.items()])
    if surprising := document.surprising():
        yield "## Kept, and not expected to be\n"
        yield _list([f"**{_path(pickle)}**{_BREAK}{escaped(why)}" for pickle, why in surprising])
    if changes:
        yield "## Changed\n"
        yield from _changed(changes)


def _run(document: Document) -> Iterator[str]:
    run = document.metadata
    yield moment(run.started) if run.started else ""
    yield " ".join(escaped(part) for part in (run.branch, run.commit) if part)
    yield took(run.seconds) if run.seconds is not None else ""
    yield _link(escaped(run.build), web(run.url)) if run.build else ""


def _cause(cause: Cause, newly: set[Pickle], source: Callable[[str], str | None]) -> str:
    first, *others = cause.pickles
    lines = [f"**{_path(first)}**" + (" · newly broken" if first in newly else "")]
    if first.run and (step := first.run.worst):
        lines.append(escaped(step.source.said))
    places = [place for place in (cause.frame, first.place) if place and place not in first.because]
    lines.append(" · ".join(_linked(text, source) for text in (first.because, *places)))
    if first.command:
        lines.append(_code(first.command))
    found = f"- {_BREAK.join(lines)}\n"
    if others:
        of_them = "".join(f"    - {_path(pickle)}\n" for pickle in others)
        is_new = ", newly broken too" if newly.issuperset(cause.pickles) else ""
        found += f"  - and {len(others):,} more of this cause{is_new}:\n{of_them}"
    return found


def _changed(changes: Changes) -> Iterator[str]:
    yield f"{changes.sentence().capitalize()}\n"
    for title, pickles in changes.lists():
        # Which these are, stands above.
        if pickles not in (changes.newly_broken, changes.unread):
            yield f"{title.capitalize()}:\n\n" + _list([_path(pickle) for pickle in pickles])
    if changes.reworded:
        pairs = [f"{escaped(pair.was.name)} → {_path(pair.now)}" for pair in changes.reworded]
        yield "Reworded:\n\n" + _list(pairs)


def _list(items: Sequence[str]) -> str:
    more = [f"and {len(items) - _MOST:,} more"] if len(items) > _MOST else []
    return "".join(f"- {item}\n" for item in [*items[:_MOST], *more])


def _path(promise: Pickle | Former) -> str:
    return _names(*promise.path)


def _names(*names: str) -> str:
    return escaped(" > ".join(filter(None, names)))


def _link(marked: str, address: str | None) -> str:
    # A bracket would end it.
    return f"[{marked}]({address.replace('(', '%28').replace(')', '%29')})" if address else marked


def _linked(text: str, source: Callable[[str], str | None]) -> str:
    return "".join(_link(_marked(piece), address) for piece, address in pieces(one_line(plain(text)), source))


def _code(text: str) -> str:
    """The text as code, between more backticks than it has itself."""
    shown = one_line(text)
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{blank}{shown}{blank}{fence}"


def escaped(text: str) -> str:
    """The text as one line of Markdown that means nothing but itself."""
    return _marked(one_line(plain(text)))


def _marked(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)
