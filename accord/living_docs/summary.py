"""The state in Markdown: for a pull request, a chat, the summary of a CI job."""

import re
from collections.abc import Iterator

from accord.basics.text import one_line
from accord.living_docs.changes import Changes
from accord.living_docs.model import Document, Pickle
from accord.living_docs.words import moment, plain, took

# Beside Markdown's own characters those by which GitHub finds mentions, emoji, formulas, entities and bare addresses.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~@:&$])")


def summary(document: Document, changes: Changes | None) -> Iterator[str]:
    """The summary, paragraph by paragraph."""
    yield f"# {escaped(document.title)}: {document.sentence()}\n"
    run = document.metadata
    parts = [
        moment(run.started) if run.started else "",
        " ".join(escaped(part) for part in (run.branch, run.commit) if part),
        took(run.seconds) if run.seconds is not None else "",
    ]
    yield " · ".join(part for part in parts if part) + "\n"
    if document.parts:
        yield f"{document.part_sentence(f' on {moment(document.parts[-1])}')}\n"
    if document.problems or document.broken():
        yield "## Broken\n"
        of_run = (f"- **{escaped(title)}**: {escaped(failure.first_line)}\n" for title, failure in document.problems)
        yield "".join((*of_run, *map(_broken, document.broken())))
    if flaky := document.flaky():
        yield "## Flaky\n"
        yield "".join(_line(pickle, pickle.because) for pickle in flaky)
    if surprising := document.surprising():
        yield "## Kept, and not expected to be\n"
        yield "".join(_line(pickle, why) for pickle, why in surprising)
    if changes:
        yield "## Changed\n"
        yield from _changed(changes)


def _broken(pickle: Pickle) -> str:
    because = ""
    if pickle.run and (step := pickle.run.worst):
        reason = step.failure.first_line if step.failure else step.status.lower()
        because = f"{escaped(f'{step.source.keyword} {step.source.text}')}: {escaped(reason)}"
    # Two blanks at the end of a line are a line break.
    return f"- **{escaped(' > '.join(pickle.path))}**  \n  {because}\n"


def _line(pickle: Pickle, why: str) -> str:
    # Two blanks at the end of a line are a line break.
    return f"- **{escaped(' > '.join(pickle.path))}**  \n  {escaped(why)}\n"


def _changed(changes: Changes) -> Iterator[str]:
    yield f"{changes.sentence().capitalize()}\n"
    for title, pickles in changes.lists():
        lines = (f"- {escaped(' > '.join(pickle.path))}\n" for pickle in pickles)
        yield f"{title.capitalize()}:\n\n" + "".join(lines)
    if changes.reworded:
        lines = (f"- {escaped(pair.was.name)} → {escaped(' > '.join(pair.now.path))}\n" for pair in changes.reworded)
        yield "Reworded:\n\n" + "".join(lines)


def escaped(text: str) -> str:
    """The text as one line of Markdown that means nothing but itself."""
    return _SPECIAL.sub(r"\\\1", one_line(plain(text)))
