"""The summary in Markdown: short enough for a chat, and complete in what is broken."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from accord.basics.text import one_line
from accord.living_docs import rendering
from accord.living_docs.changes import changes
from accord.living_docs.former import former
from accord.living_docs.links import Links
from accord.living_docs.reader import read
from accord.living_docs.summary import escaped, summary
from accord.living_docs.words import plain
from tests.helpers.documents import document, told
from tests.helpers.recording import Outcome, ndjson, recorded

MARKDOWN = MarkdownIt("commonmark").enable(["strikethrough", "table"])
# What Markdown, GitHub and the lines of the summary give a meaning to.
MARKS = st.text(st.sampled_from("ab1_*`~[]()<>#!|\\&;:.-+=@$ \t\n\\/"), max_size=30)


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    return tmp_path / "messages.ndjson"


def of(*arguments: Any) -> str:
    return "\n".join(summary(*arguments))


def text_of(tokens: list[Token]) -> str:
    return "".join(token.content for token in tokens if token.type in ("text", "text_special"))


@given(MARKS | st.text(max_size=30))
@example("1. one")
@example("12) twelve")
@example("- a + b")
@example("a *b*\n# [c](d) <e>")
@example("__init__ and a_b_c and _d_")
@example("&amp; &#35;")
@example("=====")
def test_text_means_nothing_but_itself(text: str) -> None:
    shown = one_line(plain(text)).strip()
    tokens = MARKDOWN.parse(f"- **a**  \n  {escaped(text)}\n")
    [inline] = [token for token in tokens if token.type == "inline"]
    assert {token.type for token in inline.children or ()} <= {
        "text",
        "text_special",
        "strong_open",
        "strong_close",
        "hardbreak",
    }
    # Markdown shows a NUL as what is unknown.
    assert text_of((inline.children or [])[3:]).strip() == shown.replace("\0", "\ufffd")
    assert [token.type for token in tokens].count("list_item_open") == 1


@pytest.mark.parametrize(
    "text", [":smile:", ":+1:", "https://a.example", "www.a.example", "a@b.example", "#12", "GH-12", "@team", "$x$"]
)
def test_github_makes_nothing_of_it_either(text: str) -> None:
    assert "\\" in escaped(text)


def test_a_path_and_a_sentence_stay_readable() -> None:
    said = 'app/api/who_am_i.py:41 says it is "done" (2.5 s) - or so, isn\'t it? a > b | c + d = {e}!'
    assert escaped(said) == said


FEATURE = """Feature: Tasks
  Scenario: one
    When I delete the first
  Scenario: two
    When I delete the second
  Scenario: three
    When I wait
  Scenario: four
    When I open the third
"""
OUTCOMES = {
    "I delete the first": Outcome("FAILED", "KeyError: 'a' (app/tasks.py:66) at 12"),
    "I delete the second": Outcome("FAILED", "KeyError: 'b' (app/tasks.py:66) at 7"),
}
OTHER = {"b.feature": "Feature: B\n Scenario: s\n * a"}
UNREAD = {"parseError": {"source": {"uri": "a.feature", "location": {"line": 3}}, "message": "expected: #EOF"}}


def test_what_is_broken_by_one_cause_stands_together(stream: Path) -> None:
    before, after = document(stream, FEATURE), document(stream, FEATURE, OUTCOMES)
    lines = of(after, changes(former(before), after)).splitlines()
    broken = lines[lines.index("## Broken") + 2 : lines.index("## Changed") - 1]
    assert [line.rstrip() for line in broken] == [
        "- **Tasks > one** · newly broken",
        "  When I delete the first",
        "  KeyError: 'a' (app/tasks.py:66) at 12 · features/tasks.feature:3",
        "  - and 1 more of this cause, newly broken too:",
        "    - Tasks > two",
    ]
    assert "Newly broken:" not in lines


def test_lines_lead_to_the_source_once_each(stream: Path) -> None:
    links = Links(source="https://git.example/{path}#L{line}")
    text = of(document(stream, FEATURE, OUTCOMES), None, links)
    assert text.count("[app/tasks.py:66](https://git.example/app/tasks.py#L66)") == 1
    assert text.count("[features/tasks.feature:3](https://git.example/features/tasks.feature#L3)") == 1


def test_what_is_not_made_or_not_run_stands_there_with_its_reason_and_of_many_the_first(stream: Path) -> None:
    scenarios = "".join(f"  Scenario: {number}\n    When I wait for {number}\n" for number in range(14))
    pending = {f"I wait for {number}": Outcome("PENDING", "next year") for number in range(12)}
    lines = of(document(stream, f"Feature: Tasks\n{scenarios}", {**pending, "I wait for 13": Outcome("SKIPPED")}), None)
    listed = lines.partition("## Not yet implemented")[2]
    assert listed.count("next year") == 10
    assert "- and 2 more" in listed
    assert "- **Tasks > 13**  \n  skipped" in lines.partition("## Not run")[2]


def test_promises_that_were_not_read_are_counted_by_feature(stream: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "before.ndjson"
    baseline.write_text(ndjson(recorded({"a.feature": FEATURE, **OTHER})), "utf-8")
    stream.write_text(ndjson([UNREAD, *recorded(OTHER)]), "utf-8")
    state = rendering.write(stream, tmp_path / "out", baseline)
    assert state == "1 promise kept, 4 not read; 1 feature could not be read"
    text = (tmp_path / "out" / "summary.md").read_text("utf-8")
    assert "\n## Not read\n\n- Tasks: 4\n" in text
    assert "4 not read" in text.partition("## Changed")[2]
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "4 promises, as they were before" in page
    assert 'id="tasks.one"' in page


def test_a_run_that_failed_besides_is_said_to_have(stream: Path) -> None:
    messages = [UNREAD, UNREAD, *recorded(OTHER)]
    assert told(stream, messages).sentence() == "1 promise kept; 1 feature could not be read"
    messages[-1]["testRunFinished"] |= {"success": False, "message": "a fixture failed"}
    assert told(stream, messages).sentence() == "1 promise kept; 1 feature could not be read; the run itself failed"
    assert read(stream).unread.total() == 2


def test_a_sentence_of_accords_does_not_name_the_step_under_which_it_stands(stream: Path) -> None:
    named = "step `When I open the third` (features/tasks.feature:9)"
    for said, shown in (
        (
            f"KeyError: 'a' (app/tasks.py:6) in the {named}: GET / answered 500.",
            "KeyError: 'a' (app/tasks.py:6): GET /",
        ),
        (f"The {named} got a response that is not as documented: GET /", "This step got a response that is not as"),
        (f"Another says: The {named} is wrong", f"Another says: The {named} is wrong"),
        (
            "The step `When I wait` (features/tasks.feature:7) is wrong",
            "The step `When I wait` (features/tasks.feature:7)",
        ),
    ):
        [pickle] = document(stream, FEATURE, {"I open the third": Outcome("FAILED", said)}).broken()
        assert pickle.because.startswith(shown)
        assert pickle.failure
        assert pickle.failure.first_line == said


def test_an_address_with_brackets_in_it_is_whole(stream: Path) -> None:
    links = Links(source="https://git.example/a_(b)/{path}#L{line}")
    text = of(document(stream, FEATURE, OUTCOMES), None, links)
    [inline, *_] = [it for it in MARKDOWN.parse(text) if it.type == "inline" and "tasks.py" in it.content]
    [link, *_] = [it for it in inline.children or () if it.type == "link_open"]
    assert link.attrs["href"] == "https://git.example/a_%28b%29/app/tasks.py#L66"
