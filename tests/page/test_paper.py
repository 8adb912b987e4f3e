"""The page on paper, and as PDF: printed by the Chromium of this machine."""

import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf._page import PageObject

from accord.errors import UsageError
from accord.living_docs import paper, rendering
from tests.helpers.recording import Outcome, exchange, har, ndjson, recorded

ONE = "Feature: Tasks\n  Scenario: One\n    Given a list\n    Then it is empty\n"
COLUMNS = [f"c{number}" for number in range(40)]
CELLS = [f"v{number}" for number in range(40)]


@pytest.fixture
def chromium() -> None:
    try:
        paper.browser()
    except UsageError as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))


def sheets(directory: Path, features: dict[str, str], **options: Any) -> list[PageObject]:
    """The pages of the PDF of a run of the features."""
    stream = directory / "it.ndjson"
    stream.write_text(ndjson(recorded(features, **options)), encoding="utf-8")
    rendering.write(stream, directory, pdf=True)
    return list(PdfReader(directory / "index.pdf").pages)


def ends(sheet: PageObject) -> dict[str, float]:
    """Where each piece of text begins, from the left, by what it is: in points."""
    found: dict[str, float] = {}

    def note(text: str, cm: list[float], tm: list[float], _font: object, _size: float) -> None:
        if text.strip():
            found[text.strip()] = cm[0] * tm[4] + cm[2] * tm[5] + cm[4]

    sheet.extract_text(visitor_text=note)
    return found


@pytest.mark.usefixtures("chromium")
def test_each_sheet_has_its_number_the_title_and_the_date_in_its_margin(tmp_path: Path) -> None:
    title = 'A "title" \\ of } many\nkinds </style><script>alert(1)</script>'
    openapi = {"info": {"title": title}, "paths": {}}
    pages = sheets(tmp_path, {"features/a/it.feature": ONE, "features/b/it.feature": ONE}, openapi=openapi)
    texts = [page.extract_text() for page in pages]
    assert len(texts) > 3
    for number, text in enumerate(texts, 1):
        assert f"{number} of {len(texts)}" in text
        assert 'A "title" \\ of } many kinds </style><script>alert(1)</script> · 12 November 2026' in text


@pytest.mark.usefixtures("chromium")
def test_a_table_of_many_columns_is_whole(tmp_path: Path) -> None:
    rows = [f"      | {' | '.join(row)} |" for row in (COLUMNS, CELLS)]
    described = (["d" + it for it in COLUMNS], ["-"] * 40, ["w" + it for it in CELLS])
    markdown = [f"| {' | '.join(row)} |" for row in described]
    feature = "\n".join(
        [
            "Feature: Tasks",
            "",
            *(f"  {row}" for row in markdown),
            "",
            "  Scenario: One",
            "    Given a list of",
            *rows,
            "  Scenario Outline: Two",
            "    Given a <c0>",
            "    Examples:",
            *rows,
        ]
    )
    page = next(page for page in sheets(tmp_path, {"features/it.feature": feature}) if "v39" in page.extract_text())
    text = "".join(page.extract_text().split())
    assert all(text.count(cell) >= 2 for cell in (*COLUMNS, *CELLS))
    assert all(prefix + cell in text for prefix, cells in (("d", COLUMNS), ("w", CELLS)) for cell in cells)
    # In points, with a margin of two centimetres.
    assert max(ends(page).values()) < float(page.mediabox.right) - 57


@pytest.mark.usefixtures("chromium")
def test_a_word_that_is_longer_than_a_sheet_is_wide_is_whole(tmp_path: Path) -> None:
    word = "x".join(map(str, range(300)))
    rows = f"      | a | {word} | b |\n      | c | d | {word} |\n"
    pages = sheets(tmp_path, {"features/it.feature": f"Feature: It\n  Scenario: One\n    Given a list\n{rows}"})
    assert word in "".join("".join(page.extract_text() for page in pages).split())
    assert max(max(ends(page).values()) for page in pages) < float(pages[0].mediabox.right) - 57


@pytest.mark.usefixtures("chromium")
def test_evidence_is_not_on_paper_and_what_the_index_counts_is(tmp_path: Path) -> None:
    outcomes = {"a list": Outcome(attachments=[har(exchange("POST /tasks/", 201, '{"title":"Buy milk"}'))])}
    openapi = {"info": {"title": "Tasks"}, "paths": {"/tasks/": {"post": {"responses": {"201": {}}}}}}
    feature = ONE.replace("  Scenario", "  @ISSUE-7\n  Scenario")
    pages = sheets(tmp_path, {"features/it.feature": feature}, outcomes=outcomes, openapi=openapi)
    text = "\n".join(page.extract_text() for page in pages)
    assert "Buy milk" not in text
    assert "evidence\n" not in text
    assert "POST /tasks/ 201" in " ".join(text.split())
    assert "@ISSUE-7 1 kept" in " ".join(text.split())


def test_without_chromium_it_is_said_what_is_missing_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    stream = tmp_path / "it.ndjson"
    stream.write_text(ndjson(recorded({"it.feature": ONE})), encoding="utf-8")
    with pytest.raises(UsageError, match=r"^index.pdf takes Chromium or Chrome, and neither is on the PATH: "):
        rendering.write(stream, tmp_path / "docs", pdf=True)
    assert not tmp_path.joinpath("docs").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="the browser is a script of a shell")
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo starting >&2; echo no display >&2; exit 1", "printed nothing: no display"),
        ("exit 0", "printed nothing$"),
        ("sleep 60 & sleep 60", "was not done after 1 seconds"),
    ],
)
def test_a_browser_that_prints_nothing_is_named_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    browser = tmp_path / "chromium"
    browser.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(paper, "SECONDS", 1.0)
    docs = tmp_path / "docs"
    docs.mkdir()
    docs.joinpath("index.html").write_text("before", encoding="utf-8")
    stream = tmp_path / "it.ndjson"
    stream.write_text(ndjson(recorded({"it.feature": ONE})), encoding="utf-8")
    with pytest.raises(UsageError, match=f"^index.pdf is not written: {browser} {reason}"):
        rendering.write(stream, docs, pdf=True)
    assert {path.name: path.read_text(encoding="utf-8") for path in docs.iterdir()} == {"index.html": "before"}


@pytest.mark.usefixtures("chromium")
def test_a_pdf_leaves_nothing_of_the_browser_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    sheets(tmp_path, {"it.feature": ONE})
    assert not list(scratch.iterdir())
