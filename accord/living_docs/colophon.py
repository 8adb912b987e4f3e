"""Where the document comes from, for those who have to vouch for it."""

from importlib.metadata import version

from accord.living_docs.changes import Changes
from accord.living_docs.model import Document, RunMetadata
from accord.living_docs.past_runs import History
from accord.living_docs.words import exact
from accord.recording.provenance import DIRTY

_NAMES = {
    "implementation": "Recorded by",
    "runtime": "Runtime",
    "os": "System",
    "database": "Database",
    "command": "Command",
    "seed": "Seed",
    "packages": "Packages",
}
# What a run has, or says as soon as it has it.
_ALWAYS = ("database", "command")
_KILLED = "not recorded: the run was killed before it ended"


def colophon(document: Document, changes: Changes | None, history: History) -> list[tuple[str, list[str]]]:
    """What is said of the run, each with its values: of several machines, or runs, all that differ.

    Then comes what the document shows that the messages do not have.
    """
    run, known = document.metadata, document.provenance
    is_killed = run.started is not None and run.finished is None
    rows = [
        (title, known.get(name) or ([_KILLED] if is_killed and name in _ALWAYS else []))
        for name, title in _NAMES.items()
    ]
    rows += [
        ("Commit", commits(run, known.get("revision", []))),
        ("Start", [exact(run.started)] if run.started else []),
        ("End", [exact(run.finished)] if run.finished else [_KILLED] if is_killed else []),
        ("Runs of a part", [exact(part) for part in document.parts]),
        ("Rendered by", [f"accord {version('accord')}"]),
        ("Hidden", [_hidden(document)] if _is_of_accord(document) else []),
        ("Compared with", [_compared(changes)] if changes else []),
        ("Last runs", [f"{len(history.runs)}, as the file of the history has them"] if history.runs else []),
    ]
    return [(title, values) for title, values in rows if values]


def _is_of_accord(document: Document) -> bool:
    return any(name.startswith("accord ") for name in document.provenance.get("implementation", []))


def _hidden(document: Document) -> str:
    """What the record does not have."""
    places = f"{document.hidden:,} place{'' if document.hidden == 1 else 's'}"
    names = ", ".join(document.provenance.get("redact", []))
    also = f", and of what the project has named by accord_redact: {names}" if names else ""
    return f"[redacted] stands in {places} for the values of passwords, tokens, cookies and the like{also}"


def _compared(changes: Changes) -> str:
    started = exact(changes.since) if changes.since else "a time that is not known"
    return f"the run of {started}, SHA-256 {changes.since_digest}"


def commits(run: RunMetadata, revisions: list[str]) -> list[str]:
    """The commits of the run in full, with the mark of changes that were not committed."""
    known = [revision.replace(DIRTY, " with uncommitted changes") for revision in revisions]
    return [f"{known[0]} ({run.branch})", *known[1:]] if known and run.branch else known
