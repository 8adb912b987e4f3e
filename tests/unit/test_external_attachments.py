"""What other tools attach as files beside the messages file, at addresses of their own."""

import gzip
import os
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from accord.living_docs import rendering
from accord.living_docs.reader import read
from accord.recording.merge import merge
from tests.helpers.recording import Json, Outcome, ndjson, recorded

PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
FEATURE = "Feature: F\n  Scenario: One\n    * it is\n"


def attached(address: str, media_type: str = "image/png", **more: str) -> list[Json]:
    attachment = {"body": "", "contentEncoding": "IDENTITY", "mediaType": media_type, "url": address} | more
    return recorded({"a.feature": FEATURE}, {"it is": Outcome(attachments=[attachment])})


def page(messages: Path) -> str:
    rendering.write(messages, messages.parent / "docs")
    return messages.parent.joinpath("docs", "index.html").read_text(encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Path]:
    """Writes a messages file that names an address, in a directory of its own."""
    directory = tmp_path / "it"
    directory.joinpath("below").mkdir(parents=True)

    def write(address: str, media_type: str = "image/png", **more: str) -> Path:
        path = directory / "messages.ndjson"
        path.write_text(ndjson(attached(address, media_type, **more)), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    "address", ["./dot.png", "dot.png", "below/a%20dot.png", "file:{}/dot.png", "file://{}/dot.png"]
)
def test_a_picture_that_lies_beside_the_messages_is_shown(run: Callable[..., Path], address: str) -> None:
    path = run("")
    for name in ("dot.png", "below/a dot.png"):
        path.parent.joinpath(name).write_bytes(PNG)
    shown = page(run(address.format(path.parent.as_posix())))
    assert '<img src="data:image/png;base64,iVBORw0KGgo' in shown
    assert f'alt="{"a " * ("below" in address)}dot.png"' in shown


def test_what_is_no_picture_is_embedded_to_be_saved_or_read(run: Callable[..., Path]) -> None:
    path = run("film.webm", "video/webm", fileName="the film.webm")
    path.parent.joinpath("film.webm").write_bytes(b"frames")
    assert 'href="data:video/webm;base64,ZnJhbWVz" download="the film.webm"' in page(path)
    path = run("said.txt", "text/plain")
    path.parent.joinpath("said.txt").write_text("what was said", encoding="utf-8")
    assert "what was said" in page(path)


def test_a_compressed_messages_file_has_them_beside_it_too(run: Callable[..., Path]) -> None:
    path = run("dot.png")
    path.parent.joinpath("dot.png").write_bytes(PNG)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert "data:image/png;base64," in page(path)


ELSEWHERE = [
    "../secret.png",
    "below/../../secret.png",
    "below/%2e%2e/%2e%2e/secret.png",
    "file://{}/secret.png",
    "file://elsewhere.example/secret.png",
    "link.png",
    "missing.png",
    "below",
    "large.png",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "http://[",
    "nul%00.png",
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_what_lies_elsewhere_is_named_and_neither_read_nor_a_link(run: Callable[..., Path], address: str) -> None:
    path = run("")
    path.parent.parent.joinpath("secret.png").write_bytes(PNG)
    path.parent.joinpath("large.png").write_bytes(PNG + b"\0" * 2_000_000)
    with suppress(OSError):  # Not everybody may make one on Windows.
        path.parent.joinpath("link.png").symlink_to(path.parent.parent / "secret.png")
    shown = page(run(address := address.format(path.parent.parent.as_posix())))
    assert "base64,iVBOR" not in shown
    assert f'href="{address}' not in shown
    assert f"not embedded, it was at {address.partition('<')[0]}" in shown


def test_an_address_of_the_web_is_a_link(run: Callable[..., Path]) -> None:
    assert '<a href="https://ci.example/dot.png" rel="noreferrer">' in page(run("https://ci.example/dot.png"))


def test_an_external_attachment_is_one_as_well(run: Callable[..., Path]) -> None:
    path = run("dot.png")
    path.write_text(
        path.read_text(encoding="utf-8").replace('{"attachment"', '{"externalAttachment"'), encoding="utf-8"
    )
    path.parent.joinpath("dot.png").write_bytes(PNG)
    assert "data:image/png;base64," in page(path)


def test_what_comes_through_a_pipe_has_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/fd").is_dir():
        pytest.skip("there are no pipes with a name here")
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("dot.png").write_bytes(PNG)
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as file:
        file.write(ndjson(attached("dot.png")))
    with os.fdopen(reading):
        document = read(Path(f"/dev/fd/{reading}"))
    [pickle] = document.pickles()
    assert [it.url for run in pickle.runs for step in run.steps for it in step.attachments] == ["dot.png"]


def test_a_merged_file_finds_what_lies_beside_those_that_went_into_it(tmp_path: Path) -> None:
    directory = tmp_path / "shard 1"
    directory.mkdir()
    directory.joinpath("dot.png").write_bytes(PNG)
    shard = directory / "messages.ndjson"
    shard.write_text(ndjson(attached("./dot.png")), encoding="utf-8")
    merge([shard], tmp_path / "all.ndjson")
    assert "data:image/png;base64," in page(tmp_path / "all.ndjson")
