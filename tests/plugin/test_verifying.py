"""Whether a page and the record beside it belong together can be seen from both, by anyone."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from accord.living_docs import rendering
from accord.living_docs.verifying import verify
from tests.helpers.project import Project
from tests.helpers.recording import ndjson, recorded, text

FEATURE = "Feature: It\n  Scenario: One\n    Given a list\n    Then it is empty\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """What a run publishes."""
    messages = tmp_path / "messages.ndjson"
    messages.write_text(ndjson(recorded({"it.feature": FEATURE})), encoding="utf-8")
    rendering.write(messages, tmp_path)
    return tmp_path


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    accord = [sys.executable, "-c", "import sys; sys.argv[0] = 'accord'; from accord.cli import main; main()"]
    return subprocess.run([*accord, *map(str, arguments)], capture_output=True, text=True, check=False)


def change(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.usefixtures("publishing")
@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_what_a_run_publishes_belongs_together_and_so_does_that_of_a_part(project: Project, workers: list[str]) -> None:
    project.copy("orchard")
    docs = project.path / "living-docs"
    for selection in ([], ["-k", "Quince"]):
        project.run_process(*workers, *selection)
        assert verify(docs).faults == []
        assert verify(docs).digest == sha256(docs.joinpath("messages.ndjson").read_bytes()).hexdigest()
    page = docs.joinpath("index.html").read_text(encoding="utf-8")
    assert '<a href="messages.ndjson" download>' in page


def test_a_page_and_the_messages_that_it_was_made_of_belong_together(docs: Path) -> None:
    verified = command("verify", docs)
    digest = sha256(docs.joinpath("messages.ndjson").read_bytes()).hexdigest()
    assert verified.returncode == 0
    assert verified.stdout == f"{docs / 'index.html'} was made of {docs / 'messages.ndjson'}: SHA-256 {digest}\n"
    assert verified.stderr == ""
    assert digest in docs.joinpath("index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "wrong", "sentence"),
    [
        ("index.html", lambda _: None, "is missing"),
        ("messages.ndjson", lambda _: None, "is missing"),
        ("index.html", lambda it: it.replace(b"1 promise kept", b"2 promises kept"), "is changed"),
        ("index.html", lambda it: it[:-1000], "is torn"),
        ("index.html", lambda it: it[:100], "is torn"),
        ("index.html", lambda _: b"", "is torn"),
        ("messages.ndjson", lambda it: it.replace(b"PASSED", b"FAILED", 1), "is changed"),
        ("messages.ndjson", lambda it: it + b'{"meta":{}}\n', "is torn: it has no end of the run"),
        ("messages.ndjson", lambda it: it[:-10], "is torn: it ends in the middle of a line"),
        ("messages.ndjson", lambda it: it[: it[:-1].rindex(b"\n") + 1], "is torn: it has no end of the run"),
        ("messages.ndjson", lambda it: it.replace(b'"', b"", 1), "is changed"),
        ("messages.ndjson", lambda _: b"", "is torn"),
    ],
)
def test_what_is_missing_changed_or_torn_is_said_in_one_sentence(
    docs: Path, name: str, wrong: Callable[[bytes], bytes | None], sentence: str
) -> None:
    path = docs / name
    content = wrong(path.read_bytes())
    path.unlink() if content is None else path.write_bytes(content)
    verified = command("verify", docs)
    assert verified.returncode == 1
    assert verified.stdout == ""
    [line] = verified.stderr.splitlines()
    assert line.startswith(f"{path} {sentence}")


def test_a_page_and_a_record_of_different_runs_do_not_belong_together(docs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    messages = docs / "messages.ndjson"
    shutil.copy(messages, other)
    change(messages, lambda it: it.replace(b"PASSED", b"SKIPPED"))
    rendering.write(messages, docs)
    shutil.copy(other / "messages.ndjson", docs)
    [fault] = verify(docs).faults
    assert re.search(
        r"messages.ndjson is changed: .*index.html was made of messages whose SHA-256 is \w{64}, and", fault
    )


def test_a_directory_without_either_says_both(tmp_path: Path) -> None:
    verified = command("verify", tmp_path / "nowhere")
    assert verified.returncode == 1
    missing = [line.partition(" is missing: ")[0] for line in verified.stderr.splitlines()]
    assert missing == [str(tmp_path / "nowhere" / name) for name in ("index.html", "messages.ndjson")]


def test_messages_by_another_name_are_found_where_they_lie_beside_the_page(docs: Path) -> None:
    name = 'all "of" <it> & more.ndjson'
    messages = docs.joinpath("messages.ndjson").rename(docs / name)
    rendering.write(messages, docs)
    assert verify(docs).faults == []
    assert verify(docs).messages == messages


def test_what_was_compressed_is_known_by_its_content(docs: Path) -> None:
    messages = docs / "messages.ndjson"
    packed = docs / "elsewhere" / "messages.ndjson.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(messages.read_bytes()))
    rendering.write(packed, docs)
    assert verify(docs).faults == []


def test_messages_that_do_not_lie_beside_the_page_are_not_linked(docs: Path) -> None:
    elsewhere = docs / "elsewhere"
    rendering.write(docs / "messages.ndjson", elsewhere)
    assert 'href="messages.ndjson"' not in elsewhere.joinpath("index.html").read_text(encoding="utf-8")
    assert verify(elsewhere).faults == [
        f"{elsewhere / 'messages.ndjson'} is missing: {elsewhere / 'index.html'} cannot be held against it."
    ]


def test_nobody_else_s_text_passes_for_the_digest(docs: Path) -> None:
    forged = '<section id="colophon" data-sha256="' + "0" * 64 + '" data-messages="../other.ndjson">'
    feature = FEATURE.replace("One", forged).replace("Feature: It", f"Feature: It\n  {forged}")
    messages = docs / "messages.ndjson"
    evidence = [text(forged), text(forged, "application/json")]
    messages.write_text(ndjson(recorded({"it.feature": feature}, attachments=evidence)), encoding="utf-8")
    rendering.write(messages, docs)
    assert verify(docs).faults == []
    assert verify(docs).digest != "0" * 64


def test_the_colophon_says_what_made_the_record_when_and_of_which_commit(docs: Path) -> None:
    meta = {
        "runtime": {"name": "CPython", "version": "3.14.1"},
        "os": {"name": "Linux", "version": "6.1"},
        "cpu": {"name": "x86_64"},
        "ci": {"name": "local", "git": {"remote": "", "revision": "3f2a91c" + 33 * "0" + "-dirty", "branch": "main"}},
    }
    messages = docs / "messages.ndjson"
    provenance = {"database": ["PostgreSQL 18.1"], "seed": ["7"], "command": ["pytest", 5, ""], "odd": {}, "runtime": 7}
    attached = text(json.dumps(provenance), "application/x.accord.provenance+json")
    messages.write_text(ndjson(recorded({"it.feature": FEATURE}, meta=meta, attachments=[attached])), encoding="utf-8")
    rendering.write(messages, docs)
    colophon = docs.joinpath("index.html").read_text(encoding="utf-8").partition('<section id="colophon"')[2]
    told = dict(re.findall(r"<dt>(.*?)<dd>(.*)", re.sub("</?bdi>", "", colophon)))
    assert told["Recorded by"] == "accord 0.1.0"
    assert told["Runtime"] == "CPython 3.14.1"
    assert told["System"] == "Linux 6.1 x86_64"
    assert (told["Database"], told["Seed"], told["Command"]) == ("PostgreSQL 18.1", "7", "pytest")
    assert told["Commit"] == "3f2a91c" + 33 * "0" + " with uncommitted changes (main)"
    assert told["Start"].startswith("12 November 2026, 14:03:")
    assert told["End"].startswith("12 November 2026, 14:03:")


def test_the_messages_of_another_cucumber_have_a_colophon_of_what_they_say(docs: Path) -> None:
    messages = docs / "messages.ndjson"
    meta = {"implementation": {"name": "cucumber-js", "version": "12.2"}, "os": 5}
    messages.write_text(ndjson(recorded({"it.feature": FEATURE}, meta=meta)), encoding="utf-8")
    rendering.write(messages, docs)
    colophon = docs.joinpath("index.html").read_text(encoding="utf-8").partition('<section id="colophon"')[2]
    assert "<dt>Recorded by<dd><bdi>cucumber-js 12.2</bdi>" in colophon
    assert "<dt>System" not in colophon
