"""From a tag to the promises that carry it, and to what became of them: on the page, and for a spreadsheet."""

import csv
from hashlib import sha256
from pathlib import Path

import pytest

from accord.living_docs import rendering
from accord.living_docs.reader import read
from accord.living_docs.requirements import as_csv, requirements
from tests.helpers.documents import document
from tests.helpers.recording import Outcome, ndjson, recorded

FEATURE = """
@ISSUE-12
Feature: Tasks
  @ISSUE-2
  Scenario: One
    Given a list
    Then it is empty
  Rule: Titles
    @ISSUE-2
    Scenario Outline: Two
      Given a <title>
      Then it is there
      Examples:
        | title |
        | milk  |
      @wip
      Examples:
        | title |
        | bread |
"""
UNTAGGED = "Feature: Lists\n  Scenario: Three\n    Given a list\n"
FEATURES = {"features/tasks/tasks.feature": FEATURE, "features/lists.feature": UNTAGGED}
BROKEN = {"a bread": Outcome("FAILED", "there is \x1b[31mnone\x1b[0m\nassert 1 == 2")}


def rows(directory: Path) -> list[dict[str, str]]:
    with directory.joinpath("requirements.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def rendered(directory: Path, features: dict[str, str], outcomes: dict[str, Outcome] | None = None) -> str:
    stream = directory / "it.ndjson"
    stream.write_text(ndjson(recorded(features, outcomes)), encoding="utf-8")
    rendering.write(stream, directory)
    return directory.joinpath("index.html").read_text(encoding="utf-8")


def test_each_tag_has_its_promises_those_of_the_feature_the_rule_and_the_examples_too(tmp_path: Path) -> None:
    found = requirements(document(tmp_path / "it.ndjson", FEATURES, BROKEN))
    assert [(it.tag, [(pickle.name, pickle.state.value) for pickle in it.pickles]) for it in found] == [
        ("@ISSUE-2", [("One", "kept"), ("Two (milk)", "kept"), ("Two (bread)", "broken")]),
        ("@ISSUE-12", [("One", "kept"), ("Two (milk)", "kept"), ("Two (bread)", "broken")]),
        ("@wip", [("Two (bread)", "broken")]),
        ("", [("Three", "kept")]),
    ]


def test_the_file_has_a_line_for_each_tag_of_each_promise(tmp_path: Path) -> None:
    page = rendered(tmp_path, FEATURES, BROKEN)
    found = rows(tmp_path)
    states = (("One", "kept"), ("Two (milk)", "kept"), ("Two (bread)", "broken"))
    assert [(row["Tag"], row["Promise"], row["State"]) for row in found] == [
        *(("'@ISSUE-2", name, state) for name, state in states),
        *(("'@ISSUE-12", name, state) for name, state in states),
        ("'@wip", "Two (bread)", "broken"),
        ("", "Three", "kept"),
    ]
    bread = found[2]
    assert (bread["Chapter"], bread["Feature"], bread["Rule"], bread["Reason"]) == (
        "Tasks",
        "Tasks",
        "Titles",
        "there is none",
    )
    assert bread["File"].startswith("features/tasks/tasks.feature:")
    assert all(f'id="{row["Link"].removeprefix("index.html#")}"' in page for row in found)


def test_the_page_has_the_same_as_links_with_the_tally_and_leads_to_the_file(tmp_path: Path) -> None:
    page = rendered(tmp_path, FEATURES, BROKEN)
    section = page.partition('<section id="requirements">')[2].partition("</section>")[0]
    assert '<a href="requirements.csv" download>' in section
    assert "<td>2 kept, 1 broken<td>" in section
    assert '<th scope="row">no tag<td>1 kept<td>' in section
    assert all(f'<a href="#{row["Link"].partition("#")[2]}"' in section for row in rows(tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        '=HYPERLINK("https://evil.example")',
        "+1+1",
        "-2+3",
        "@SUM(1)",
        "\uff1d1+1",
        "\u00a0=1+1",
        "\u2003@SUM(1)",
        "\t=1+1",
        "\r=1+1",
        "\x1b[31m=1+1",
    ],
)
def test_no_cell_is_a_formula(tmp_path: Path, name: str) -> None:
    rule = f"  @{name.split()[0]}\n  Rule: {name}\n    Scenario: {name}\n      Given a\n"
    feature = f"Feature: {name}\n{rule}"
    run = document(tmp_path / "it.ndjson", feature, {"a": Outcome("FAILED", name)})
    found = as_csv(requirements(run), run)
    cells = [cell for row in list(csv.reader("".join(found).splitlines()))[1:] for cell in row]
    assert sum(cell.startswith("'") for cell in cells) >= 4
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")) for cell in cells)


def test_a_spreadsheet_reads_all_letters_and_each_name_as_one_cell(tmp_path: Path) -> None:
    name = 'Ünï "quoted", 日本; مرحبا'
    rendered(tmp_path, {"it.feature": f"Feature: It\n  Scenario: {name}\n    Given a list\n"})
    content = tmp_path.joinpath("requirements.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == content.count(b"\n") == 2
    assert [row["Promise"] for row in rows(tmp_path)] == [name]


def test_what_would_be_obeyed_or_is_invisible_is_shown(tmp_path: Path) -> None:
    rendered(tmp_path, {"it.feature": "Feature: It\n  Scenario: a\u202eb\0c\n    Given a list\n"})
    assert [row["Promise"] for row in rows(tmp_path)] == ["a[U+202E]b␀c"]


def test_a_number_of_very_many_digits_is_a_tag_like_others(tmp_path: Path) -> None:
    tags = ["@a" + "9" * 5000, "@a10", "@a٢"]
    scenarios = "".join(f"  {tag}\n  Scenario: {number}\n    Given a\n" for number, tag in enumerate(tags))
    found = requirements(document(tmp_path / "it.ndjson", f"Feature: It\n{scenarios}"))
    assert [it.tag for it in found] == ["@a٢", "@a10", tags[0]]


def test_each_line_says_of_which_run_it_is(tmp_path: Path) -> None:
    rendered(tmp_path, FEATURES, BROKEN)
    digest = sha256(tmp_path.joinpath("it.ndjson").read_bytes()).hexdigest()
    of_run = {(row["Commit"], row["Started"], row["SHA-256 of messages"]) for row in rows(tmp_path)}
    assert of_run == {("3f2a91c" + 33 * "0" + " (main)", "2026-11-12T14:03:00+00:00", digest)}


def test_tags_of_a_feature_that_can_no_longer_be_read_do_not_vanish(tmp_path: Path) -> None:
    before, after = tmp_path / "before.ndjson", tmp_path / "after.ndjson"
    before.write_text(ndjson(recorded(FEATURES, BROKEN)), encoding="utf-8")
    uri = "features/tasks/tasks.feature"
    fault = {"parseError": {"source": {"uri": uri, "location": {"line": 3}}, "message": "`Featur:` is no keyword"}}
    messages = recorded({"features/lists.feature": "@ISSUE-2\n" + UNTAGGED})
    after.write_text(ndjson([messages[0], fault, *messages[1:]]), encoding="utf-8")
    rendering.write(after, tmp_path, before)
    found = [(row["Tag"], row["Promise"], row["State"], row["File"], row["Link"]) for row in rows(tmp_path)]
    names = {"One": "tasks.one", "Two (milk)": "tasks.two.milk", "Two (bread)": "tasks.two.bread"}
    lost = [(name, "not read", uri, f"index.html#{slug}") for name, slug in names.items()]
    assert found == [
        *(("'@ISSUE-2", *it) for it in lost),
        ("'@ISSUE-2", "Three", "kept", "features/lists.feature:3", found[3][4]),
        *(("'@ISSUE-12", *it) for it in lost),
        ("'@wip", *lost[2]),
    ]
    page = tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert all(f'id="{slug}"' in page for slug in names.values())
    section = page.partition('<section id="requirements">')[2].partition("</section>")[0]
    assert '<th scope="row">@ISSUE-2<td>1 kept, 3 not read<td>' in section
    assert '<th scope="row">@ISSUE-12<td>3 not read<td>' in section
    assert "<bdi>Tasks &gt; Tasks &gt; Titles &gt; Two (bread)</bdi>: not read" in section


def test_the_file_is_written_with_the_page_or_neither_is(tmp_path: Path) -> None:
    tmp_path.joinpath("docs", "requirements.csv", "in the way").mkdir(parents=True)
    stream = tmp_path / "it.ndjson"
    stream.write_text(ndjson(recorded(FEATURES)), encoding="utf-8")
    with pytest.raises(Exception, match=r"requirements\.csv cannot be written: Is a directory"):
        rendering.write(stream, tmp_path / "docs")
    assert [path.name for path in tmp_path.joinpath("docs").iterdir()] == ["requirements.csv"]


def test_messages_that_the_file_would_overwrite_stay(tmp_path: Path) -> None:
    stream = tmp_path / "requirements.csv"
    stream.write_text(ndjson(recorded(FEATURES)), encoding="utf-8")
    with pytest.raises(Exception, match="would be overwritten"):
        rendering.write(stream, tmp_path)
    assert read(stream).sentence() == "4 promises kept"
