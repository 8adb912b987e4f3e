"""Whether a page and the record beside it belong together can be seen from both, by anyone."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from accord.living_docs import rendering
from accord.living_docs.page import SEAL
from accord.living_docs.paper import PRINTED
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
    sentence, *sums = verified.stdout.splitlines()
    assert sentence == (
        f"{docs / 'index.html'} was made of {docs / 'messages.ndjson'}, and each file is as it was written:"
    )
    assert sums == [
        f"{sha256(docs.joinpath(name).read_bytes()).hexdigest()}  {docs / name}"
        for name in ("index.html", "messages.ndjson", "requirements.csv", "summary.md")
    ]
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


@pytest.mark.parametrize("name", ["index.html", "summary.md", "requirements.csv", "messages.ndjson"])
def test_a_file_of_another_run_is_found_whichever_it_is(docs: Path, tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    stream = other / "messages.ndjson"
    stream.write_text(ndjson(recorded({"it.feature": FEATURE + FEATURE[12:]})), encoding="utf-8")
    rendering.write(stream, other)
    shutil.copy(other / name, docs)
    assert verify(docs).faults


@pytest.mark.parametrize("name", ["summary.md", "requirements.csv"])
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [(lambda _: None, "is missing"), (lambda it: it.replace(b"kept", b"held"), "is changed"), (lambda _: b"", "is ch")],
)
def test_what_is_written_with_the_page_is_verified_with_it(
    docs: Path, name: str, wrong: Callable[[bytes], bytes | None], sentence: str
) -> None:
    path = docs / name
    content = wrong(path.read_bytes())
    path.unlink() if content is None else path.write_bytes(content)
    [fault] = verify(docs).faults
    assert fault.startswith(f"{path} {sentence}")


def sealed_anew(page: bytes) -> bytes:
    above = page[: page.rindex(b"\n<!--")]
    return above + SEAL.format(sha256(above).hexdigest()).encode()


def test_a_page_that_is_sealed_anew_has_another_line(docs: Path) -> None:
    before = command("verify", docs).stdout
    change(docs / "index.html", lambda it: sealed_anew(it.replace(b"1 promise kept", b"2 promises kept")))
    verified = command("verify", docs)
    assert verified.returncode == 0
    assert [old == new for old, new in zip(before.splitlines(), verified.stdout.splitlines(), strict=True)] == [
        True,
        False,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    "attribute",
    [
        r' data-sha256="\w{64}" data-messages',
        r'data-sha256="\w{60}',
        "<section id=.colophon.",
        "<li data-file=.summary.md.",
    ],
)
def test_a_page_that_does_not_say_of_what_it_was_made_is_changed(docs: Path, attribute: str) -> None:
    change(docs / "index.html", lambda it: sealed_anew(re.sub(attribute.encode(), b"", it, count=1)))
    [fault] = verify(docs).faults
    assert "index.html is changed: it does not say of what it was made, and with what; look for a copy" in fault


@pytest.mark.parametrize("name", ["../it", "", ".", "..", "/etc/passwd", "a/b", "x&#0;", "x" * 300, "\udcff"])
def test_a_page_that_names_no_files_that_lie_beside_it_leads_nowhere(docs: Path, name: str) -> None:
    more = f'<li data-file="{name}" data-sha256="{"0" * 64}">\n<ul>'.encode(errors="surrogateescape")
    change(docs / "index.html", lambda it: sealed_anew(it.replace(b"<ul>", more)))
    verified = command("verify", docs)
    assert "Traceback" not in verified.stderr
    assert verified.returncode in (0, 1, 2)
    assert "etc" not in verified.stdout


@pytest.mark.usefixtures("publishing")
def test_what_a_run_compares_with_and_its_history_are_verified_too(project: Project) -> None:
    project.copy("orchard")
    docs = project.path / "living-docs"
    for _ in range(2):
        project.run_process()
    for name in ("history.json", "messages.before.ndjson"):
        assert verify(docs).faults == []
        assert docs / name in verify(docs).digests
        content = docs.joinpath(name).read_bytes()
        docs.joinpath(name).write_bytes(content + b"\n")
        assert [fault.partition(":")[0] for fault in verify(docs).faults] == [f"{docs / name} is changed"]
        docs.joinpath(name).unlink()
        assert [fault.partition(":")[0] for fault in verify(docs).faults] == [f"{docs / name} is missing"]
        docs.joinpath(name).write_bytes(content)


def test_what_the_page_does_not_name_is_named(docs: Path) -> None:
    docs.joinpath("notes.txt").write_text("", encoding="utf-8")
    docs.joinpath("history.json").write_text("", encoding="utf-8")
    docs.joinpath("index.pdf").write_bytes(b"%PDF-1.7\n%%EOF\n")
    verified = command("verify", docs)
    assert verified.returncode == 0
    last = verified.stdout.splitlines()[-1]
    assert last == "Not checked, as the page does not name it: history.json, index.pdf, notes.txt."


def test_a_run_that_was_killed_is_named(docs: Path) -> None:
    docs.joinpath("messages.12.345.ndjson").write_text("", encoding="utf-8")
    verified = command("verify", docs)
    assert verified.returncode == 0
    last = verified.stdout.splitlines()[-1]
    assert last.startswith(f"{docs / 'messages.12.345.ndjson'} is of a run that was killed, or has not ended: ")


def test_a_pdf_is_of_the_page_or_says_that_it_is_not(docs: Path) -> None:
    page, pdf = docs / "index.html", docs / "index.pdf"

    def printed(of: str) -> bytes:
        content = b"%PDF-1.7\n%%EOF\n"
        return content + PRINTED.format(page=of, above=sha256(content).hexdigest()).encode()

    digest = sha256(page.read_bytes()).hexdigest()
    pdf.write_bytes(printed(digest))
    assert verify(docs).faults == []
    assert pdf in verify(docs).digests
    pdf.write_bytes(printed("0" * 64))
    assert verify(docs).faults == [f"{pdf} was printed of another page than {page}."]
    pdf.write_bytes(printed(digest).replace(b"1.7", b"1.4"))
    assert verify(docs).faults == [f"{pdf} is changed: it is not what was printed."]


@pytest.mark.parametrize("name", ["", "nowhere", "a file"])
def test_where_there_is_no_document_none_is_said_to_be_changed(tmp_path: Path, name: str) -> None:
    tmp_path.joinpath("a file").write_text("", encoding="utf-8")
    verified = command("verify", tmp_path / name)
    assert verified.returncode == 2
    assert verified.stdout == ""
    [line] = verified.stderr.splitlines()
    assert re.search("No document is in|cannot be read: No such file|cannot be read: Not a directory", line)


@pytest.mark.parametrize("name", ["index.html", "messages.ndjson", "summary.md"])
@pytest.mark.parametrize("kind", ["a directory", "a pipe", "not to be read"])
def test_what_cannot_be_read_is_not_said_to_be_changed(docs: Path, name: str, kind: str) -> None:
    path = docs / name
    if kind == "not to be read":
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("root reads all")
    else:
        path.unlink()
        path.mkdir() if kind == "a directory" else os.mkfifo(path)
    verified = command("verify", docs)
    assert verified.returncode == 2
    [line] = verified.stderr.splitlines()
    assert line.startswith(f"{path} cannot be read: ")


@pytest.mark.parametrize("name", ["index.html", "messages.ndjson", "requirements.csv"])
def test_a_line_without_end_is_never_in_memory_as_a_whole(docs: Path, name: str) -> None:
    with docs.joinpath(name).open("r+b") as file:
        file.truncate(300_000_000)
    limited = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (200_000_000, 200_000_000))\n"
        f"sys.argv = ['accord', 'verify', {str(docs)!r}]\n"
        "from accord.cli import main\n"
        "main()"
    )
    verified = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True, check=False)
    assert verified.returncode == 1
    [line] = verified.stderr.splitlines()
    assert re.search("is torn|is changed", line)


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


def colophon(page: Path) -> dict[str, str]:
    told = page.read_text(encoding="utf-8").partition('<section id="colophon"')[2]
    return dict(re.findall(r"<dt>(.*?)<dd>(.*)", re.sub("</?bdi>", "", told)))


def test_what_a_run_that_was_killed_could_not_say_is_said_to_be_missing(docs: Path) -> None:
    messages = docs / "messages.ndjson"
    assert "Command" not in colophon(docs / "index.html")
    change(messages, lambda it: it[: it.rindex(b'{"testRunFinished"')])
    rendering.write(messages, docs)
    told = colophon(docs / "index.html")
    missing = "not recorded: the run was killed before it ended"
    assert (told["Database"], told["Command"], told["End"]) == (missing, missing, missing)
    assert "Seed" not in told


def test_how_much_is_hidden_is_said_and_by_what(docs: Path) -> None:
    messages = docs / "messages.ndjson"
    names = text(json.dumps({"redact": ["ref", "horse"]}), "application/x.accord.provenance+json")
    for attachments, said in (
        ([], "[redacted] stands in 0 places for the values of passwords, tokens, cookies and the like"),
        (
            [text("[redacted], [redacted]"), text("a=[redacted]"), names],
            "[redacted] stands in 3 places for the values of passwords, tokens, cookies and the like, and of what the "
            "project has named by accord_redact: ref, horse",
        ),
    ):
        messages.write_text(ndjson(recorded({"it.feature": FEATURE}, attachments=attachments)), encoding="utf-8")
        rendering.write(messages, docs)
        assert colophon(docs / "index.html")["Hidden"] == said


def test_what_a_document_shows_of_other_runs_is_named(docs: Path, tmp_path: Path) -> None:
    before = tmp_path / "before.ndjson"
    before.write_text(ndjson(recorded({"it.feature": FEATURE + FEATURE[12:]})), encoding="utf-8")
    rendering.write(docs / "messages.ndjson", docs, before, history=docs / "history.json")
    told = colophon(docs / "index.html")
    digest = sha256(before.read_bytes()).hexdigest()
    assert told["Compared with"] == f"the run of 12 November 2026, 14:03:00 UTC, SHA-256 {digest}"
    assert told["Last runs"] == "1, as the file of the history has them"
    assert verify(docs).faults == []
    assert docs / "history.json" in verify(docs).digests


def test_the_messages_of_another_cucumber_have_a_colophon_of_what_they_say(docs: Path) -> None:
    messages = docs / "messages.ndjson"
    meta = {"implementation": {"name": "cucumber-js", "version": "12.2"}, "os": 5}
    messages.write_text(ndjson(recorded({"it.feature": FEATURE}, meta=meta)), encoding="utf-8")
    rendering.write(messages, docs)
    colophon = docs.joinpath("index.html").read_text(encoding="utf-8").partition('<section id="colophon"')[2]
    assert "<dt>Recorded by<dd><bdi>cucumber-js 12.2</bdi>" in colophon
    assert "<dt>System" not in colophon
