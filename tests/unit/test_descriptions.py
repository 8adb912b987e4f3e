"""Descriptions are Markdown, with the pictures that lie beside the feature; chapters are called what a file says."""

from hashlib import sha256
from pathlib import Path

import pytest

from accord.errors import UsageError
from accord.living_docs import rendering
from accord.living_docs.beside import Beside
from accord.living_docs.markdown import html
from accord.living_docs.reader import read
from tests.helpers.recording import ndjson, recorded

PNG = b"\x89PNG\r\n\x1a\n"


def none(_source: str) -> None:
    return None


def test_a_description_has_paragraphs_headings_lists_tables_and_links() -> None:
    text = "As someone\nI want *much*\n\nTitle\n=====\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[it](https://a.example/?b)"
    shown = html(text, none)
    for part in (
        "<p>As someone<br />\nI want <em>much</em></p>",
        "<h5>Title</h5>",
        "<li>one</li>",
        "<th>a</th>",
        '<a href="https://a.example/?b" rel="noreferrer">it</a>',
    ):
        assert part in shown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[it](javascript:alert(1))",
        "[it](data:text/html,x)",
        "![it](https://a.example/spy.png)",
        "![it](<x onerror=alert(1)>)",
        "[it](file:///etc/passwd)",
        "<javascript:alert(1)>",
        '![" onerror="alert(1)](x)',
    ],
)
def test_a_description_can_do_no_harm(text: str) -> None:
    shown = html(text, none)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "href" not in shown


def test_a_picture_that_lies_beside_the_feature_is_in_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "features"
    folder.mkdir()
    folder.joinpath("plan.png").write_bytes(PNG)
    shown = html("![The plan](plan.png)", Beside({}, tmp_path).pictures("features/a.feature"))
    assert shown == '<p><img src="data:image/png;base64,iVBORw0KGgo=" alt="The plan"></p>\n'


@pytest.mark.parametrize("source", ["../../secret.png", "/etc/passwd", "gone.png", "note.txt", "x\0y", "link.png"])
def test_what_is_no_picture_below_the_root_is_not_in_the_page(tmp_path: Path, source: str) -> None:
    root = tmp_path / "root"
    folder = root / "features"
    folder.mkdir(parents=True)
    tmp_path.joinpath("secret.png").write_bytes(PNG)
    folder.joinpath("note.txt").write_text("a note", encoding="utf-8")
    folder.joinpath("link.png").symlink_to(tmp_path / "secret.png")
    assert Beside({}, root).pictures("features/a.feature")(source) is None


FEATURES = {f"features/{folder}/it.feature": f"Feature: {folder}\n  Scenario: It\n    * it is\n" for folder in "abc"}


def test_a_chapter_is_called_and_ordered_as_the_file_in_its_folder_says(tmp_path: Path, stream: Path) -> None:
    stream.write_text(ndjson(recorded(FEATURES)), encoding="utf-8")
    for uri in FEATURES:
        tmp_path.joinpath(uri).parent.mkdir(parents=True)
    tmp_path.joinpath("features/c/chapter.toml").write_text(
        'title = "Sea"\nposition = 1\ndescription = "All *about* it"', encoding="utf-8"
    )
    chapters = Beside({}, tmp_path).in_order(read(stream).chapters)
    assert [(chapter.title, chapter.slug) for chapter in chapters] == [
        ("Sea", "chapter-c"),
        ("A", "chapter-a"),
        ("B", "chapter-b"),
    ]
    assert chapters[0].description == "All *about* it"


@pytest.mark.parametrize("uri", ["", "a\0b/c.feature", f"{'x' * 300}/a.feature"])
def test_an_address_that_is_no_path_has_no_chapter_file(tmp_path: Path, stream: Path, uri: str) -> None:
    stream.write_text(ndjson(recorded({uri: FEATURES["features/a/it.feature"]})), encoding="utf-8")
    assert [chapter.description for chapter in Beside({}, tmp_path).in_order(read(stream).chapters)] == [""]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title = 5", "title is not understood"),
        ('order = "first"', "order is not understood"),
        ("title = nope", "cannot be read: .*line 1"),
    ],
)
def test_a_chapter_file_that_cannot_be_used_is_named(tmp_path: Path, stream: Path, text: str, reason: str) -> None:
    stream.write_text(ndjson(recorded(FEATURES)), encoding="utf-8")
    tmp_path.joinpath("features/b").mkdir(parents=True)
    tmp_path.joinpath("features/b/chapter.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"^features/b/chapter\.toml.*{reason}"):
        Beside({}, tmp_path).in_order(read(stream).chapters)


def test_a_placeholder_is_in_no_title(stream: Path, tmp_path: Path) -> None:
    outline = """
Feature: Titles
  Scenario Outline: A title of <length> characters is <answer>
    When it has <length>
    Examples:
      | length | answer   |
      | 200    | accepted |
"""
    stream.write_text(ndjson(recorded({"a.feature": outline})), encoding="utf-8")
    [pickle] = read(stream).pickles()
    assert pickle.scenario.title == "A title of … characters is …"
    assert pickle.name == "A title of 200 characters is accepted"
    assert rendering.write(stream, tmp_path) == "1 promise kept"


def test_what_a_run_has_recorded_counts_and_not_what_lies_there_by_now(tmp_path: Path) -> None:
    folder = tmp_path / "features/a"
    folder.mkdir(parents=True)
    folder.joinpath("chapter.toml").write_text('title = "All 12 requirements met"', encoding="utf-8")
    folder.joinpath("plan.png").write_bytes(PNG + b"another")
    recorded_files = {"features/a/chapter.toml": b'title = "Sea"', "features/a/plan.png": PNG}
    stream = tmp_path / "it.ndjson"
    stream.write_text(ndjson(recorded(FEATURES)), encoding="utf-8")
    beside = Beside(recorded_files, tmp_path)
    assert beside.in_order(read(stream).chapters)[0].title == "Sea"
    assert beside.pictures("features/a/it.feature")("plan.png") == "data:image/png;base64,iVBORw0KGgo="
    assert beside.added == {}


def test_a_recorded_file_that_cannot_be_used_may_be_mended(tmp_path: Path) -> None:
    folder = tmp_path / "features/a"
    folder.mkdir(parents=True)
    folder.joinpath("chapter.toml").write_text('title = "Sea"', encoding="utf-8")
    stream = tmp_path / "it.ndjson"
    stream.write_text(ndjson(recorded(FEATURES)), encoding="utf-8")
    beside = Beside({"features/a/chapter.toml": b"title = 5"}, tmp_path)
    assert beside.in_order(read(stream).chapters)[0].title == "Sea"
    assert list(beside.added) == ["features/a/chapter.toml"]


def test_what_the_page_shows_and_the_messages_do_not_have_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "features/a"
    folder.mkdir(parents=True)
    settings = b'title = "All 12 requirements met"'
    folder.joinpath("chapter.toml").write_bytes(settings)
    folder.joinpath("plan.png").write_bytes(PNG)
    feature = "Feature: a\n  ![The plan](plan.png)\n  Scenario: It\n    * it is\n"
    stream = tmp_path / "it.ndjson"
    stream.write_text(ndjson(recorded({"features/a/it.feature": feature})), encoding="utf-8")
    rendering.write(stream, tmp_path / "docs")
    page = tmp_path.joinpath("docs/index.html").read_text(encoding="utf-8")
    named = page.partition("<dt>Not in the messages")[2]
    for name, content in (("chapter.toml", settings), ("plan.png", PNG)):
        assert f"<bdi>features/a/{name}</bdi>, SHA-256 {sha256(content).hexdigest()}" in named
