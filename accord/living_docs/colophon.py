"""Where the document comes from, for those who have to vouch for it."""

from importlib.metadata import version

from accord.living_docs.model import Document, RunMetadata
from accord.living_docs.words import exact

_NAMES = {
    "implementation": "Recorded by",
    "runtime": "Runtime",
    "os": "System",
    "database": "Database",
    "command": "Command",
    "seed": "Seed",
}


def colophon(document: Document) -> list[tuple[str, list[str]]]:
    """What is said of the run, each with its values: of several machines, or runs, all that differ."""
    run, known = document.metadata, document.metadata.provenance
    rows = [(title, known.get(name, [])) for name, title in _NAMES.items()]
    rows += [
        ("Commit", _commits(run)),
        ("Start", [exact(run.started)] if run.started else []),
        ("End", [exact(run.finished)] if run.finished else []),
        ("Runs of a part", [exact(part) for part in document.parts]),
        ("Rendered by", [f"accord {version('accord')}"]),
    ]
    return [(title, values) for title, values in rows if values]


def _commits(run: RunMetadata) -> list[str]:
    # In full, with the mark of changes that were not committed.
    known = [revision.replace("-dirty", " with uncommitted changes") for revision in run.provenance.get("revision", [])]
    return [f"{known[0]} ({run.branch})", *known[1:]] if known and run.branch else known
