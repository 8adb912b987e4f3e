"""The names of the files that a run leaves in its directory, and of what is kept for the next one."""

PAGE = "index.html"
SUMMARY = "summary.md"
MESSAGES = "messages.ndjson"
MESSAGES_BEFORE = "messages.before.ndjson"
"""The messages of the run before, since which the page says what changed."""
TEMPLATES = "templates-{version}"
"""In the cache of the user: the page's templates, compiled."""


def running_messages(process: int, started: int) -> str:
    """Return the name of the messages file of a run that goes on, or was killed: of that process and time alone."""
    return f"messages.{process}.{started}.ndjson"
