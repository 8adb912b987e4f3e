"""`accord render` and `accord merge` answer any input: with documents that are true, or with a sentence.

Hypothesis draws the same examples in each run. `ACCORD_FUZZ_SECONDS=60` has it draw others for so long, the same ones
with the same `ACCORD_FUZZ_SEED`; what it prints of one that fails, `@reproduce_failure(...)`, draws that one again.
"""

import gzip
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from accord import cli
from accord.errors import AccordError
from accord.living_docs import rendering
from accord.living_docs.links import Links
from accord.recording.merge import merge
from tests.helpers.mutations import STREAMS, Stream, most_kept, streams
from tests.helpers.recording import Json, Outcome, har, ndjson, recorded, text

SECONDS = float(os.environ.get("ACCORD_FUZZ_SECONDS", "0"))
SEED = int(os.environ.get("ACCORD_FUZZ_SEED", "0"))
# What a reader of a document, or of a terminal, should not be made to obey.
OBEYED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
# One that fails is printed as it was drawn: to make it smaller would take minutes.
MANY = settings(
    max_examples=25,
    phases=[Phase.generate],
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
FEW = settings(MANY, max_examples=60, derandomize=True)


def explored(**drawn: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Have a claim tried with a few examples, always the same; or with others for as long as is asked for."""

    def decorate(claim: Callable[..., None]) -> Callable[[], None]:
        def test() -> None:
            if not SECONDS:
                FEW(given(**drawn)(claim))()
            end = time.monotonic() + SECONDS / 2
            for number in count(SEED or time.time_ns()):
                if time.monotonic() > end:
                    break
                seed(number)(MANY(given(**drawn)(claim)))()

        test.__name__, test.__doc__ = claim.__name__, claim.__doc__
        return test

    return decorate


@explored(stream=streams(), baseline=streams())
def test_any_stream_becomes_a_document_or_a_sentence(stream: Stream, baseline: Stream) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for file, content in (("it.ndjson", stream), ("before.ndjson", baseline)):
            directory.joinpath(file).write_bytes(content.content)
        try:
            sentence = rendering.write(
                directory / "it.ndjson",
                directory,
                directory / "before.ndjson",
                Links(tag="https://tracker.example/{tag}"),
            )
        except AccordError as refusal:
            is_a_sentence(str(refusal), directory)
            return
        shown = {name: directory.joinpath(name).read_text(encoding="utf-8") for name in ("index.html", "summary.md")}
        assert sentence in shown["index.html"]
        assert sentence in shown["summary.md"].replace("\\", "")
        for document in shown.values():
            assert not OBEYED.search(document)
        kept = re.match(r"([\d,]+) promises? kept", sentence)
        assert kept
        assert int(kept[1].replace(",", "")) <= most_kept(stream.content)


@explored(one=streams(), other=streams())
def test_any_messages_files_are_merged_or_an_error_in_one_sentence(one: Stream, other: Stream) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        records = [directory / "one.ndjson", directory / "other.ndjson"]
        for record, content in zip(records, (one, other), strict=True):
            record.write_bytes(content.content)
        into = directory / "all.ndjson"
        try:
            merged = merge(records, into)
        except AccordError as refusal:
            is_a_sentence(str(refusal), directory)
            assert not into.exists()
            return
        assert all(json.loads(line) for line in into.read_bytes().splitlines())
        try:
            rendering.write(into, directory)
        except AccordError as refusal:
            is_a_sentence(str(refusal), directory)
        assert len(merged.faults) <= len(records)


def is_a_sentence(said: str, directory: Path) -> None:
    """Assert that this is one sentence for people, which names a file, and a line if the fault is in one."""
    assert "\n" not in said
    assert len(said) < 500 + 2 * len(str(directory))
    assert not OBEYED.search(said)
    place = rf"{re.escape(str(directory))}/\w+\.ndjson"
    assert re.match(rf"{place}(:\d+ | is empty| has another )|There is no run", said), said
    assert not re.search(r"Traceback|Error\(|' object|unhashable|unpack|out of range|argument", said), said


def run(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> str | int | None:
    monkeypatch.setattr(sys, "argv", ["accord", *arguments])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    return exit_.value.code


def fifo(path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes here")
    os.mkfifo(path)


def unreadable(path: Path) -> None:
    path.touch(mode=0)
    if os.access(path, os.R_OK):
        pytest.skip("root reads everything")


def device(path: Path) -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("there are no devices here")
    path.symlink_to("/dev/zero")


NO_STREAMS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "nothing": (lambda path: None, "cannot be read: No such file or directory"),
    "a directory": (Path.mkdir, "cannot be read: "),
    "a pipe that no one writes to": (
        fifo,
        r"is empty: no run was recorded|is a pipe, and what is merged",
    ),
    "a device without end": (device, "is not a file: name one of Cucumber Messages"),
    "a file that may not be read": (unreadable, "cannot be read: Permission denied"),
    "an empty file": (Path.touch, "is empty: no run was recorded"),
    "a link to itself": (lambda path: path.symlink_to(path), "cannot be read: "),
    "a compressed file with more behind it": (
        lambda path: path.write_bytes(gzip.compress(STREAMS[0]) + b"\n"),
        "is not compressed as gzip has it",
    ),
    "a compressed page": (lambda path: path.write_bytes(gzip.compress(b"<html>\n</html>\n")), ":1 is not "),
    "noise": (lambda path: path.write_bytes(bytes(range(255, -1, -1)) * 4), ":1 is not "),
    "a page": (lambda path: path.write_text("<html>\n</html>\n", "utf-8"), ":1 is not "),
    "a number": (lambda path: path.write_text("3\n", "utf-8"), ":1 is not "),
    "not a number": (lambda path: path.write_text('{"testRunStarted": NaN}\n', "utf-8"), ":1 is not "),
    "brackets": (lambda path: path.write_text("[" * 10**6 + "\n", "utf-8"), ":1 is not "),
    "very many digits": (lambda path: path.write_text('{"meta": ' + "9" * 10**6 + "}\n", "utf-8"), ":1 is not "),
}


@pytest.mark.parametrize("what", NO_STREAMS)
@pytest.mark.parametrize("command", ["render", "baseline", "merge"])
def test_what_is_not_a_messages_file_is_an_error_in_one_sentence(
    what: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, words = NO_STREAMS[what]
    stream, right, target = tmp_path / "it.ndjson", tmp_path / "right.ndjson", str(tmp_path / "to")
    right.write_bytes(STREAMS[0])
    make(stream)
    arguments = {
        "render": ["render", str(stream), "-o", target],
        "baseline": ["render", str(right), "-o", target, "--baseline", str(stream)],
        "merge": ["merge", str(stream), "-o", target],
    }[command]
    said = run(*arguments, monkeypatch=monkeypatch)
    assert isinstance(said, str)
    if not said.startswith("There is no run to be merged"):
        assert re.search(words, said)
    assert str(stream) in said
    assert "\n" not in said
    assert len(said) < 400 + len(str(stream))
    assert not Path(target).exists()


def test_a_stream_may_come_through_a_pipe(tmp_path: Path) -> None:
    if not Path("/dev/fd").is_dir():
        pytest.skip("there are no pipes with a name here")
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as file:
            file.write(STREAMS[0])

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading):
        assert "promises kept" in rendering.write(Path(f"/dev/fd/{reading}"), tmp_path)
    writer.join()


@pytest.mark.parametrize("arguments", [["render"], ["merge", "x"], ["merge", "x", "-o", "/"], ["render", "x", "--no"]])
def test_words_that_are_not_understood_are_usage(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(*arguments, monkeypatch=monkeypatch) == 2


@pytest.mark.parametrize("command", ["render", "merge"])
def test_a_place_that_cannot_be_written_to_is_named(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, taken = tmp_path / "it.ndjson", tmp_path / "taken"
    stream.write_bytes(STREAMS[0])
    taken.touch()
    said = run(command, str(stream), "-o", str(taken / "there"), monkeypatch=monkeypatch)
    assert isinstance(said, str)
    assert str(taken) in said


HOSTILE = "a\x1b[2J\x9b\u202eb\u2066c\u200fd\u200be\u2028f\ufeffg\x07h\x7fi\U000e0041j\ud83dk\rl"
SHOWN = "a[U+009B][U+202E]b[U+2066]c[U+200F]d[U+200B]e[U+2028]f[U+FEFF]g␇h␡i[U+E0041]j[U+D83D]k␍l"
INNOCENT = ["שלום עולם", "مرحبا", "نامه‌ای", "क्‍ष", "👩‍👩‍👧", "e\u0301", "日本"]


def test_what_a_terminal_or_a_browser_would_obey_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [text(HOSTILE), text(HOSTILE, "application/json"), text(HOSTILE, fileName=HOSTILE)]
    outcomes = {"it is": Outcome("FAILED", HOSTILE, HOSTILE, [*bodies, har({"request": {"method": HOSTILE}})])}
    messages = recorded({"a.feature": "Feature: It\n  Scenario: One\n    * it is\n"}, outcomes)
    git = messages[0]["meta"]["ci"]["git"] | {"branch": HOSTILE, "revision": HOSTILE, "remote": HOSTILE}
    ci = {"name": HOSTILE, "buildNumber": HOSTILE, "url": HOSTILE, "git": git}
    messages[0] = {"meta": messages[0]["meta"] | {"ci": ci}}
    lines = json.dumps(messages).replace('"It"', json.dumps(HOSTILE)).replace('"One"', json.dumps(HOSTILE))
    stream = tmp_path / "it.ndjson"
    stream.write_text(ndjson(json.loads(lines)), encoding="utf-8")
    rendering.write(stream, tmp_path)
    for name in ("index.html", "summary.md"):
        document = tmp_path.joinpath(name).read_text(encoding="utf-8").replace("\\", "")
        assert not OBEYED.search(document)
        assert SHOWN in document or SHOWN.replace("a[U", "a␛[2J[U") in document


def test_letters_of_all_scripts_are_left_as_they_are(tmp_path: Path) -> None:
    said = "\n".join(f"  Scenario: {name}\n    * it is" for name in INNOCENT)
    outcomes = {"it is": Outcome("FAILED", "no")}
    stream = tmp_path / "it.ndjson"
    stream.write_text(ndjson(recorded({"a.feature": f"Feature: It\n{said}"}, outcomes)), encoding="utf-8")
    rendering.write(stream, tmp_path)
    for name in ("index.html", "summary.md"):
        document = tmp_path.joinpath(name).read_text(encoding="utf-8")
        assert all(letters in document for letters in INNOCENT)


def many(count: int, **changes: Any) -> list[Json]:
    scenarios = "".join("  Scenario: One\n    * it is\n" for _ in range(count))
    return recorded({"a.feature": f"Feature: It\n{scenarios}"}, **changes)


def retried(count: int) -> list[Json]:
    *before, case, started, _step, finished, end = many(1)
    attempts = [
        {kind: message | {"id" if kind == "testCaseStarted" else "testCaseStartedId": f"attempt {number}"}}
        for number in range(count)
        for kind, message in ((*started.items(), *finished.items()))
    ]
    return [*before, case, *attempts, end]


LARGE: dict[str, Callable[[], list[Json]]] = {
    "names that are all the same": lambda: many(5_000),
    "attempts without end": lambda: retried(20_000),
    "a name without end": lambda: recorded({"a.feature": f"Feature: {'x ' * 500_000}\n  Scenario: One\n    * it is"}),
    "blanks in place of base64": lambda: many(
        1, attachments=[text(" " * 10**6 + "!", "image/png", contentEncoding="BASE64")]
    ),
    "escapes without end": lambda: many(1, attachments=[text("\x1b[" + "1" * 500_000 + "\x1b]" * 200_000)]),
    "blank lines without end": lambda: many(1, attachments=[text("E" + "\n" * 10**6 + "x")]),
    "JSON of brackets": lambda: many(1, attachments=[text("[" * 800 + "]" * 800, "application/json")] * 500),
}


@pytest.mark.parametrize("what", LARGE)
def test_a_large_stream_takes_time_as_long_as_it_is(what: str, tmp_path: Path) -> None:
    stream = tmp_path / "it.ndjson"
    stream.write_text(ndjson(LARGE[what]()), encoding="utf-8")
    start = time.process_time()
    rendering.write(stream, tmp_path)
    merge([stream], tmp_path / "all.ndjson")
    assert time.process_time() - start < 20
    assert tmp_path.joinpath("index.html").stat().st_size < 100 * stream.stat().st_size
