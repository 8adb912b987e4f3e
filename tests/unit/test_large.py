"""The document of a large suite: a front page that searches over all, and a page for each chapter."""

import gzip
import json
import re
import tempfile
from base64 import b64decode
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from accord.errors import UsageError
from accord.living_docs import pages, rendering
from accord.living_docs.bodies import Bodies
from accord.living_docs.verifying import verify
from tests.helpers.recording import Outcome, ndjson, recorded, text

TASKS = """
@tasks
Feature: Tasks
  So that nothing is forgotten.

  Scenario: A task </script> is written
    Given a list
    Then it is there

  Rule: Titles
    Scenario Outline: Titles
      When I write <title>
      Then it is there
      Examples:
        | title |
        | milk  |
        | bread |
"""
ACCOUNTS = """
Feature: Accounts
  @slow
  Scenario: An account is opened
    Given nobody
    Then somebody is there
"""
FEATURES = {"features/tasks/tasks.feature": TASKS, "features/accounts/accounts.feature": ACCOUNTS}
OUTCOMES = {"somebody is there": Outcome("FAILED", "no <b>body</b>", attachments=[text("a note")])}
NAMES = {"index.html", "summary.md", "requirements.csv", "chapter-tasks.html", "chapter-accounts.html"}


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LARGE", 4)


def write(directory: Path, features: dict[str, str] = FEATURES, *, since: Path | None = None) -> Path:
    stream = directory.parent / f"{directory.name}.ndjson"
    stream.write_text(ndjson(recorded(features, OUTCOMES)), encoding="utf-8")
    rendering.write(stream, directory, since)
    return stream


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def ids(page: Path) -> set[str]:
    return set(re.findall(r' id="([^"]+)"', page.read_text(encoding="utf-8")))


def links(page: Path) -> list[str]:
    found = re.findall(r' href="([^"]+)"', page.read_text(encoding="utf-8"))
    return [link for link in map(unescape, found) if not link.startswith(("http", "data:", "?", "index.html?"))]


def searched(directory: Path) -> Any:
    page = directory.joinpath("index.html").read_text(encoding="utf-8")
    [data] = re.findall(r'<script type="application/octet-stream" id="data">([^<]*)</script>', page)
    return json.loads(gzip.decompress(b64decode(data, validate=True)))


def test_a_document_of_fewer_promises_is_one_page(tmp_path: Path) -> None:
    write(tmp_path / "docs")
    assert names(tmp_path / "docs") == {"index.html", "summary.md", "requirements.csv"}


@pytest.mark.usefixtures("limit")
def test_a_large_one_has_a_page_for_each_chapter_and_all_links_arrive(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    since = write(tmp_path / "before", {"features/tasks/tasks.feature": TASKS.replace("a list", "a paper")})
    write(docs, since=since)
    assert names(docs) == NAMES
    for page in docs.glob("*.html"):
        for link in links(page):
            file, _, anchor = link.partition("#")
            assert not anchor or unquote(anchor) in ids(docs / file if file else page), f"{page.name}: {link}"
            assert (docs / file).exists()
    front = links(docs / "index.html")
    account = "chapter-accounts.html#accounts.an-account-is-opened"
    # Under Broken, under Changed, and among what takes longest.
    assert front.count(account) >= 3
    assert "index.html" in links(docs / "chapter-tasks.html")


@pytest.mark.usefixtures("limit")
def test_what_is_in_a_chapter_has_the_address_that_it_has_on_one_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "large")
    monkeypatch.setattr(pages, "LARGE", 5)
    write(tmp_path / "small")
    chapters = ids(tmp_path / "large" / "chapter-tasks.html") | ids(tmp_path / "large" / "chapter-accounts.html")
    assert ids(tmp_path / "small" / "index.html") - ids(tmp_path / "large" / "index.html") <= chapters


@pytest.mark.usefixtures("limit")
def test_a_tag_leads_to_all_that_carry_it_and_not_to_those_of_the_chapter(tmp_path: Path) -> None:
    write(tmp_path / "docs")
    assert 'href="index.html?tag=%40tasks"' in tmp_path.joinpath("docs/chapter-tasks.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("limit")
def test_names_sentences_tags_and_failures_of_all_promises_are_searched(tmp_path: Path) -> None:
    write(tmp_path / "docs")
    found = searched(tmp_path / "docs")
    rows = {row[1]: row for row in found["rows"]}
    assert found["features"][rows["tasks.a-task-script-is-written"][0]] == [
        "chapter-tasks.html",
        "tasks",
        "So that nothing is forgotten.",
    ]
    assert rows["tasks.a-task-script-is-written"][2:] == [
        "kept",
        "Tasks > Tasks > A task </script> is written",
        "@tasks",
        "Given a list Then it is there",
    ]
    assert rows["tasks.titles-2.bread"][5] == "When I write bread Then it is there"
    assert rows["accounts.an-account-is-opened"][2:5] == [
        "broken",
        "Accounts > Accounts > An account is opened",
        "@slow",
    ]
    assert rows["accounts.an-account-is-opened"][5].endswith("no <b>body</b>")
    assert found["states"]["unrun"] == "not run"


@pytest.mark.usefixtures("limit")
def test_pages_of_chapters_that_are_gone_go_and_what_others_wrote_stays(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    write(docs)
    docs.joinpath("chapter-mine.html").write_text("<p>mine", encoding="utf-8")
    renamed = {uri.replace("accounts/", "people/"): feature for uri, feature in FEATURES.items()}
    write(docs, renamed)
    assert names(docs) == NAMES - {"chapter-accounts.html"} | {"chapter-people.html", "chapter-mine.html"}
    write(docs, {"features/tasks/tasks.feature": TASKS})
    assert names(docs) == {"index.html", "summary.md", "requirements.csv", "chapter-mine.html"}


@pytest.mark.usefixtures("limit")
def test_where_one_page_cannot_be_written_all_stay_as_they_were(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    write(docs)
    before = {path.name: path.read_bytes() for path in docs.iterdir()}
    docs.joinpath("chapter-people.html").mkdir()
    with pytest.raises(UsageError, match=r"chapter-people\.html cannot be written"):
        write(docs, {uri.replace("accounts/", "people/"): feature for uri, feature in FEATURES.items()})
    docs.joinpath("chapter-people.html").rmdir()
    assert {path.name: path.read_bytes() for path in docs.iterdir()} == before


@pytest.mark.usefixtures("limit")
def test_a_messages_file_is_not_overwritten_by_the_page_of_a_chapter(tmp_path: Path) -> None:
    stream = tmp_path / "chapter-tasks.html"
    stream.write_text(ndjson(recorded(FEATURES)), encoding="utf-8")
    with pytest.raises(UsageError, match="would be overwritten"):
        rendering.write(stream, tmp_path)


@pytest.mark.usefixtures("limit")
def test_chapters_with_endless_names_in_any_script_have_pages_of_their_own(tmp_path: Path) -> None:
    # A name of a file may have 255 bytes, and of these letters each has four.
    long = "\U00020000" * 60
    write(tmp_path / "docs", {f"features/{long}{end}/it.feature": TASKS for end in ("a", "b")})
    assert len(list(tmp_path.glob("docs/chapter-*.html"))) == 2


@pytest.mark.usefixtures("limit")
def test_the_front_page_lists_the_first_of_very_many(tmp_path: Path) -> None:
    scenarios = "".join(f"  Scenario: {number}\n    Then somebody is there\n" for number in range(300))
    since = write(tmp_path / "before", {"features/tasks/tasks.feature": TASKS})
    write(tmp_path / "docs", {"features/a/a.feature": f"Feature: It\n{scenarios}"}, since=since)
    page = tmp_path.joinpath("docs/index.html").read_text(encoding="utf-8")
    # Under Broken, where one stands as the first of its cause, as new, and in the table of requirements.
    assert page.count("<li>and 100 more") == 3
    assert page.count('href="chapter-') < 650
    assert len(searched(tmp_path / "docs")["rows"]) == 300


@pytest.mark.usefixtures("limit")
def test_all_pages_are_verified_with_the_messages_that_they_were_made_of(tmp_path: Path) -> None:
    stream = tmp_path / "messages.ndjson"
    stream.write_text(ndjson(recorded(FEATURES, OUTCOMES)), encoding="utf-8")
    rendering.write(stream, tmp_path)
    assert verify(tmp_path).faults == []
    other = write(tmp_path / "other", FEATURES | {"features/tasks/more.feature": ACCOUNTS}).with_suffix("")
    chapter = tmp_path / "chapter-tasks.html"
    chapter.write_bytes(other.joinpath(chapter.name).read_bytes())
    tmp_path.joinpath("chapter-accounts.html").unlink()
    missing, differing = verify(tmp_path).faults
    assert "chapter-accounts.html is missing" in missing
    assert "chapter-tasks.html was made of other messages than" in differing
    chapter.write_text(chapter.read_text(encoding="utf-8").replace("kept", "broken"), encoding="utf-8")
    assert any("chapter-tasks.html is changed" in fault for fault in verify(tmp_path).faults)


@pytest.mark.usefixtures("limit")
def test_a_page_in_the_place_of_another_and_one_too_many_are_found(tmp_path: Path) -> None:
    stream = tmp_path / "messages.ndjson"
    stream.write_text(ndjson(recorded(FEATURES, OUTCOMES)), encoding="utf-8")
    rendering.write(stream, tmp_path)
    tasks, accounts = (tmp_path / f"chapter-{name}.html" for name in ("tasks", "accounts"))
    content = tasks.read_bytes()
    tasks.write_bytes(accounts.read_bytes())
    assert [fault.partition(":")[0] for fault in verify(tmp_path).faults] == [f"{tasks} is changed"]
    tasks.write_bytes(content)
    assert verify(tmp_path).faults == []
    assert {tasks, accounts} <= verify(tmp_path).digests.keys()
    more = tmp_path / "chapter-more.html"
    more.write_bytes(content)
    assert verify(tmp_path).faults == [
        f"{more} is a page of another document: {tmp_path / 'index.html'} does not lead to it."
    ]


@pytest.mark.usefixtures("limit")
def test_the_table_of_requirements_leads_to_the_pages_of_the_chapters(tmp_path: Path) -> None:
    write(tmp_path / "docs")
    assert "chapter-accounts.html#accounts.an-account-is-opened" in tmp_path.joinpath(
        "docs/requirements.csv"
    ).read_text(encoding="utf-8")


def test_bodies_of_attachments_are_read_as_they_were_be_they_in_memory_or_not() -> None:
    bodies = Bodies()
    texts = ["", "a\nb", "half a \ud800", *(f"{number} " + "x" * 1_000_000 for number in range(20)), "the last"]
    offsets = [bodies.add(body) for body in texts]
    assert [bodies.read(offset) for offset in reversed(offsets)] == texts[::-1]


def test_where_no_file_can_keep_the_bodies_it_is_said_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match=r"nowhere \(TMPDIR\): No such file or directory"):
        Bodies().add("x" * 20_000_000)
