"""Where the links of a document lead: a tag to a tracker, a line to the host of the source."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlsplit, urlunsplit

from markupsafe import Markup, escape

from accord.basics.text import visible
from accord.errors import UsageError
from accord.living_docs.model import RunMetadata

# Where the servers of CI show a line of a file, by the names that the protocol gives them.
_HOSTS = {
    "GitHub Actions": "{remote}/blob/{commit}/{path}#L{line}",
    "GitLab": "{remote}/-/blob/{commit}/{path}#L{line}",
}


# What is valid in a URL: https://url.spec.whatwg.org.
_HOST = re.compile(r"[\w.:-]+")
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
_NO_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_AS_THEY_ARE = "/:@!$&'()*+,;=~%"
# A line of a file that is written from the root; neither `example.com:443` nor what lies in a library.
_PLACE = re.compile(
    r"(?<![\w./\\:@~-])(?!\S*(?:site-packages|dist-packages|node_modules)/)(?:[\w.-]+/)*[\w.-]+"
    r"\.(?:feature|feature\.md|py|[cm]?[jt]sx?|rb|java|kt|scala|cs|fs|go|rs|php|groovy|swift|exs?):\d+\b"
)


def web(address: str) -> str | None:
    """The address, if a browser may follow it; what may not stand in one as it is, such as a space, is in percent."""
    try:
        parts = urlsplit(visible(address.strip()))
        is_followed = parts.scheme in ("http", "https") and parts.username is None and parts.port != 0
        if not (is_followed and _is_host(parts.hostname or "")):
            return None
    except ValueError:
        return None
    path, query, fragment = (quote(_NO_PERCENT.sub("%25", part), safe=_AS_THEY_ARE + "?") for part in parts[2:])
    return urlunsplit((parts.scheme, parts.netloc, path, query, fragment))


def _is_host(name: str) -> bool:
    """Whether it is the name of a host, or its number. Raises ValueError for some that are not."""
    if ":" in name or _NUMBER.fullmatch(name):
        ip_address(name)
    else:
        name.encode("idna").decode("idna")
    return _HOST.fullmatch(name) is not None


def _is_web(address: str) -> bool:
    """Whether it is an address of the web, also one with gaps."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _check(address: str | None, purpose: str, example: str, gaps: list[str]) -> None:
    if address is None:
        return
    if not _is_web(address) or not all(gap in address for gap in gaps):
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
        filled = self.tag and web(self.tag.replace("{tag}", quote(visible(tag).removeprefix("@"), safe="")))
        return filled or "?tag=" + quote(visible(tag), safe="")

    def to_source(self, run: RunMetadata) -> Callable[[str], str | None]:
        """How `file:line` becomes an address; one that leads nowhere is None, as of a change that is not committed."""
        remote = run.remote.removesuffix(".git")
        template = self.source or (_HOSTS.get(run.ci) if web(remote) else None)

        def address(place: str) -> str | None:
            path, _, line = place.rpartition(":")
            if template is None or not line.isdigit() or not path or (run.is_dirty and "{commit}" in template):
                return None
            filled = template.replace("{remote}", remote).replace("{commit}", quote(run.revision, safe=""))
            return web(filled.replace("{path}", quote(visible(path))).replace("{line}", line))

        return address


def pieces(text: str, address: Callable[[str], str | None]) -> Iterator[tuple[str, str | None]]:
    """The text in pieces: lines of the project's files, with where `address` says that they lead, and all else."""
    end = 0
    for found in _PLACE.finditer(text):
        if where := address(found[0]):
            yield text[end : found.start()], None
            yield found[0], where
            end = found.end()
    yield text[end:], None


def linked(text: str, address: Callable[[str], str | None]) -> Markup:
    """The text as HTML, in which lines of the project's files lead to where `address` says."""
    link = Markup('<a href="{}" rel="noreferrer">{}</a>')
    return Markup("").join(
        link.format(where, piece) if where else escape(piece) for piece, where in pieces(text, address)
    )


NO_LINKS = Links()
