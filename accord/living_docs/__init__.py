"""Living documentation: a stream of Cucumber Messages, of whatever Cucumber, as documents that people open."""

from pathlib import Path

from accord.garbage import uncollected
from accord.living_docs.changes import changes
from accord.living_docs.page import page
from accord.living_docs.stream import read
from accord.living_docs.summary import summary


@uncollected()
def write(stream: Path, directory: Path, baseline: Path | None = None, tag_link: str | None = None) -> str:
    """Write `index.html` and `summary.md` into the directory, and return the state in a sentence.

    What changed is told against the stream `baseline`. `{tag}` in `tag_link` stands for a tag, without its `@`.
    Raises Refusal for a stream that cannot be read.
    """
    document = read(stream)
    compared = changes(read(baseline, evidence=False), document) if baseline else None
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "index.html").open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.writelines(page(document, compared, tag_link))
    with (directory / "summary.md").open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.write("\n".join(summary(document, compared)))
    return document.sentence()
