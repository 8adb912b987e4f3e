"""Where the links of a document lead: a tag to a tracker, a line to the host of the source."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from accord.basics.text import visible
from accord.errors import UsageError
from accord.living_docs.model import RunMetadata

# Where the servers of CI show a line of a file, by the names that the protocol gives them.
_HOSTS = {
    "GitHub Actions": "{remote}/blob/{commit}/{path}#L{line}",
    "GitLab": "{remote}/-/blob/{commit}/{path}#L{line}",
}


def web(address: str) -> str | None:
    """The address, if a browser may follow it."""
    try:
        return address if urlsplit(address).scheme in ("http", "https") else None
    except ValueError:
        return None


def _check(address: str | None, purpose: str, example: str, gaps: list[str]) -> None:
    if address is None:
        return
    if web(address) is None or not urlsplit(address).netloc or not all(gap in address for gap in gaps):
        raise UsageError(f"{address} is not an address {purpose}: write one as {example}")


@dataclass(frozen=True)
class Links:
    """Addresses with gaps: `{tag}`, without its `@`, in one, and `{commit}`, `{path}` and `{line}` in the other.

    Raises UsageError for one that is not an address, or lacks a gap that it needs.
    """

    tag: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        """Check both."""
        _check(self.tag, "to link tags to", "https://tracker.example/{tag}", ["{tag}"])
        example = "https://git.example/tasks/{commit}/{path}#L{line}"
        _check(self.source, "to link lines of files to", example, ["{path}"])

    def of_tag(self, tag: str) -> str:
        """The address of a tag; without one for tags, one that filters the page."""
        if self.tag is None:
            return "?tag=" + quote(visible(tag), safe="")
        return self.tag.replace("{tag}", quote(visible(tag).removeprefix("@"), safe=""))

    def to_source(self, run: RunMetadata) -> Callable[[str], str | None]:
        """How `file:line` becomes an address; one that leads nowhere is None, as of a change that is not committed."""
        remote = run.remote.removesuffix(".git")
        template = self.source or (_HOSTS.get(run.ci) if web(remote) else None)

        def address(place: str) -> str | None:
            path, _, line = place.rpartition(":")
            if template is None or not line.isdigit() or not path or (run.is_dirty and "{commit}" in template):
                return None
            filled = template.replace("{remote}", remote).replace("{commit}", quote(run.revision, safe=""))
            return filled.replace("{path}", quote(visible(path))).replace("{line}", line)

        return address


NO_LINKS = Links()
