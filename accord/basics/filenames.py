"""The names of the files that a run leaves in its directory, and of what stays for the next one."""

PAGE = "index.html"
CHAPTERS = "chapter-*.html"
"""The pages of a large document's chapters, beside the page that leads to them."""
SUMMARY = "summary.md"
REQUIREMENTS = "requirements.csv"
"""Which promises carry which tag, and what became of them."""
PAPER = "index.pdf"
"""The page, printed."""
MESSAGES = "messages.ndjson"
MESSAGES_BEFORE = "messages.before.ndjson"
"""The messages of the previous run, with which the page compares."""
HISTORY = "history.json"
"""What became of each promise in the last runs."""
TEMPLATES = "templates-{version}"
"""In the cache of the user: the page's templates, compiled."""
KILLED = "messages.[0-9]*.[0-9]*.ndjson"
"""How the messages files of runs that were killed are called, and of runs that are under way."""


def running_messages(process: int, started: int) -> str:
    """Return the name of the messages file of a run that is under way, or was killed; no other run has the same."""
    return f"messages.{process}.{started}.ndjson"
