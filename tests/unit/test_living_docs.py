"""What the documents say of a stream: one of the compatibility kit, or one made by hand."""

import sys
from pathlib import Path

import pytest

from accord import cli
from accord.errors import UsageError
from accord.living_docs import rendering
from accord.living_docs.attachments import rendered
from accord.living_docs.index import slowest_steps
from accord.living_docs.links import Links
from accord.living_docs.reader import read
from accord.living_docs.run import Attachment, Failure, Step
from accord.living_docs.words import coloured, comparison, took
from tests.helpers.documents import BROKEN, KIT, TASKS, document, told
from tests.helpers.recording import Outcome, exchange, har, ndjson, recorded, text


@pytest.mark.parametrize("sample", KIT)
def test_each_sample_of_the_compatibility_kit_becomes_a_document(sample: str, tmp_path: Path) -> None:
    sentence = rendering.write(KIT[sample], tmp_path)
    assert sentence in tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert sentence in tmp_path.joinpath("summary.md").read_text(encoding="utf-8").replace("\\", "")


def test_the_samples_are_there() -> None:
    assert len(KIT) >= 47


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        ("all-statuses", "1 promise kept, 3 broken, 1 not yet implemented, 1 not run"),
        ("retry", "1 promise kept, 1 broken, 2 flaky"),
        ("hooks", "1 promise kept, 1 broken"),
        ("empty", "0 promises kept, 1 not run"),
        ("global-hooks-afterall-error", "1 promise kept; the run itself failed"),
        ("test-run-exception", "0 promises kept, 1 not run; the run itself failed"),
    ],
)
def test_the_state_is_a_sentence(sample: str, sentence: str) -> None:
    assert read(KIT[sample]).sentence() == sentence


def test_features_are_chapters_by_folder(stream: Path) -> None:
    uris = ("features/tasks/a.feature", "features/top.feature", "features/how_it_runs/deep/b.feature")
    found = document(stream, {uri: f"Feature: {uri}" for uri in uris})
    assert [chapter.title for chapter in found.chapters] == ["Features", "How it runs / Deep", "Tasks"]


def test_addresses_are_made_of_names_and_are_unique(stream: Path) -> None:
    twice = TASKS.replace("bread", "milk") + "  Rule: Tasks\n    Scenario: A task\n      Given a list\n"
    found = document(stream, {"b.feature": twice, "a.feature": "Feature: Tasks\n  Scenario: Ünï-¡\n    * x"})
    slugs = [pickle.slug for pickle in found.pickles()]
    assert slugs == ["tasks.ünï", "tasks-2.a-task", "tasks-2.titles.milk", "tasks-2.titles.milk-2", "tasks-2.a-task-2"]


def test_an_exchange_is_set_out_as_http() -> None:
    entry = exchange("POST /tasks/?a=b", 422, '{"title":""}', '{"n":1.10}', _operation=None)
    entry["response"]["content"]["comment"] = "cut after 64 kB"
    [piece] = rendered(Attachment("application/har+json", har(entry)["body"]))
    assert piece.summary == "POST /tasks/?a=b: 422, 3 ms"
    assert piece.texts[0] == (
        "POST /tasks/?a=b HTTP/1.1\nhost: test\nauthorization: [redacted]\ncontent-type: application/json\n\n"
        '{\n  "title": ""\n}'
    )
    assert piece.texts[1].endswith('\n\n{"n":1.10}\n\n[cut after 64 kB]'), "a number is shown as it was sent"


def test_an_exchange_whose_address_has_a_user_is_set_out_too() -> None:
    entry = exchange("GET /", 200)
    entry["request"]["url"] = "http://[redacted]@test/tasks?page=2"
    [piece] = rendered(Attachment("application/har+json", har(entry)["body"]))
    assert piece.texts[0].startswith("GET /tasks?page=2 HTTP/1.1\nhost: test\n")


def test_the_fields_of_a_form_are_set_out_line_by_line() -> None:
    entry = exchange("POST /", 200)
    params = [{"name": "title", "value": "milk"}, {"name": "picture", "fileName": "a.png"}, {"name": "empty"}]
    entry["request"]["postData"] = {"mimeType": "multipart/form-data", "params": params}
    [piece] = rendered(Attachment("application/har+json", har(entry)["body"]))
    assert piece.texts[0].endswith("\n\ntitle=milk\npicture=a.png\nempty=")


@pytest.mark.parametrize("body", ["", "[]", "{", '{"log": {"entries": [{"request": 1}]}}', '{"log": {"entries": 3}}'])
def test_an_invalid_har_document_is_shown_by_its_size(body: str) -> None:
    [piece] = rendered(Attachment("application/har+json", body))
    assert piece.summary == f"A file: application/har+json, {len(body)} byte{'' if len(body) == 1 else 's'}"
    assert piece.save


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "svg+xml"])
def test_pictures_are_shown(kind: str) -> None:
    [image] = rendered(Attachment(f"image/{kind}", "aGVsbG8=", base64=True, name="a"))
    assert image.image == f"data:image/{kind};base64,aGVsbG8="


def test_svg_that_is_text_is_a_picture_too() -> None:
    [image] = rendered(Attachment("image/svg+xml", "<svg/>"))
    assert image.image == "data:image/svg+xml;base64,PHN2Zy8+"


def test_what_is_not_the_base64_it_says_it_is_becomes_no_address() -> None:
    for kind in ("image/png", "video/mp4", "application/zip"):
        [piece] = rendered(Attachment(kind, '" onerror="', base64=True))
        assert (piece.image, piece.save) == (None, None)
        assert "not shown" in piece.summary


@pytest.mark.parametrize(
    ("media_type", "told"),
    [
        ("video/webm", "video/webm"),
        ("audio/mpeg; codecs=mp3", "audio/mpeg"),
        ("application/pdf", "application/pdf"),
        # What a browser would show as a page of somebody's.
        ("application/xhtml", "application/octet-stream"),
        ("application/zip", "application/octet-stream"),
        ('video/"><script>', "application/octet-stream"),
    ],
)
def test_what_is_not_shown_can_be_saved_from_the_page(media_type: str, told: str) -> None:
    [piece] = rendered(Attachment(media_type, "aGVsbG8=", base64=True, name="letter"))
    assert piece.save == f"data:{told};base64,aGVsbG8="
    assert (piece.file_name, piece.summary) == ("letter", f"letter: {media_type}, 5 bytes")


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ('name,price\nmilk,"1,10"\n\nbread,2', [["name", "price"], ["milk", "1,10"], ["bread", "2"]]),
        ("name;price\nmilk;1,10", [["name", "price"], ["milk", "1,10"]]),
        ('"two\nlines"\tb\r\nc\td', [["two\nlines", "b"], ["c", "d"]]),
    ],
)
def test_csv_is_a_table(body: str, rows: list[list[str]]) -> None:
    [piece] = rendered(Attachment("text/csv; charset=utf-8", body))
    assert piece.table == rows
    assert piece.save


def test_of_a_long_table_the_first_rows_are_shown_and_all_can_be_saved() -> None:
    [piece] = rendered(Attachment("text/csv", "n\n" + "1\n" * 1001, name="long.csv"))
    assert (len(piece.table), piece.summary) == (1001, "long.csv: the first 1,000 of 1,001 rows")


def test_csv_that_cannot_be_read_is_text() -> None:
    [piece] = rendered(Attachment("text/csv", 'a,"b'))
    assert (piece.table, piece.texts) == ([], ['a,"b'])


def test_text_is_shown_however_it_is_encoded() -> None:
    [text] = rendered(Attachment("text/plain", "aGVsbG8=", base64=True))
    [no_text] = rendered(Attachment("text/plain", "/w==", base64=True))
    [json] = rendered(Attachment("application/json", '{"a":1}'))
    assert text.texts == ["hello"]
    [problem] = rendered(Attachment("application/problem+json", '{"a":1}'))
    assert no_text.summary == "A file: text/plain, 1 byte"
    assert json.texts == problem.texts == ['{\n  "a": 1\n}']


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("a \x1b[31mred\x1b[0m line", 'a <span class="ansi-1">red</span> line'),
        (
            "\x1b[1;92mbold\x1b[22m green\x1b[39m",
            '<span class="ansi-bold ansi-2">bold</span><span class="ansi-2"> green</span>',
        ),
        ("\x1b[38;5;31mone of 256\x1b[48;2;31;1;1m, on a ground", "one of 256, on a ground"),
        ("\x1b[31m<b onclick=a>\x1b]8;;javascript:a\x07&", '<span class="ansi-1">&lt;b onclick=a&gt;&amp;</span>'),
        ("\x1b[mno \x1b[2Kother\x1b[?25l", "no other"),
        ("\x1b[38:5:1m\x1b[" + "9" * 5000 + "mplain", "plain"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_text_has_the_colours_of_the_terminal_and_is_text(text: str, markup: str) -> None:
    assert coloured(text) == markup


def test_the_summary_shows_what_is_broken_and_what_changed(stream: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "before.ndjson"
    baseline.write_text(ndjson(recorded({"features/tasks.feature": TASKS})), encoding="utf-8")
    stream.write_text(ndjson(recorded({"features/tasks.feature": TASKS}, BROKEN)), encoding="utf-8")
    rendering.write(stream, tmp_path, baseline)
    assert tmp_path.joinpath("summary.md").read_text(encoding="utf-8").splitlines() == [
        "# tasks: 2 promises kept, 1 broken",
        "",
        "12 November 2026, 14:03 UTC · main 3f2a91c · 49 ms",
        "",
        "## Broken",
        "",
        "- **Tasks > A task** · newly broken  ",
        "  When I write a task  ",
        "  no · tasks.py:3 · features/tasks.feature:5",
        "",
        "## Changed",
        "",
        "1 newly broken",
    ]


def test_a_failure_is_shown_in_one_line_up_to_what_follows_a_colon() -> None:
    assert Failure("\n  no milk \nat all").first_line == "no milk"
    assert Failure("These should be equal:\n\n  1 and 2\n").first_line == "These should be equal: 1 and 2"
    assert Failure("\x1b[31mno\x1b[0m milk").first_line == "no milk"
    assert Failure("").first_line == ""


def test_an_ambiguous_sentence_names_what_matches_it() -> None:
    [pickle] = read(KIT["ambiguous"]).broken()
    assert pickle.run
    assert pickle.run.worst
    assert pickle.run.worst.failure
    first, *others = pickle.run.worst.failure.message.splitlines()
    assert first == "Several step definitions match:"
    assert len(others) == 2


def test_an_undefined_step_shows_the_definition_that_is_suggested() -> None:
    steps = [step for pickle in read(KIT["undefined"]).pickles() for run in pickle.runs for step in run.steps]
    failures = [step.failure.message for step in steps if step.failure]
    assert len(failures) == sum(step.status == "UNDEFINED" for step in steps) > 0
    assert all(failure.startswith("No step definition says this.\nTo begin with:\nGiven(") for failure in failures)


def test_the_slowest_steps_are_listed_slowest_first() -> None:
    document = read(KIT["minimal"])
    [pickle] = document.pickles()
    [step] = pickle.runs[0].steps
    quick = Step(step.source, seconds=0.1)
    slow = Step(step.source, seconds=2.0)
    pickle.runs[0].steps += [quick, slow]
    assert slowest_steps(document, count=2) == [(slow, pickle), (quick, pickle)]


def test_what_is_attached_beside_the_steps_is_shown_with_the_last(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS}, {"it is there": Outcome(attachments=[text("a note")])})
    for message in messages:
        message.get("attachment", {}).pop("testStepId", None)
    [pickle, *_] = told(stream, messages).pickles()
    assert pickle.run
    assert [[piece.body for piece in step.attachments] for step in pickle.run.steps] == [[], [], ["a note"]]


def test_a_tag_leads_to_the_tracker(stream: Path, tmp_path: Path) -> None:
    stream.write_text(ndjson(recorded({"a.feature": '@T-1"<x>\n' + TASKS.lstrip()})), encoding="utf-8")
    rendering.write(stream, tmp_path, links=Links(tag="https://tracker.example/{tag}?a"))
    page = tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert '<a href="https://tracker.example/T-1%22%3Cx%3E?a">@T-1&#34;&lt;x&gt;</a>' in page


@pytest.mark.parametrize("address", ["javascript:{tag}", "https://tracker.example/"])
def test_a_tracker_that_no_link_leads_to_is_an_error(address: str) -> None:
    with pytest.raises(UsageError, match="is not an address to link tags to"):
        Links(tag=address)


def test_the_command_says_the_state_or_why_there_is_none(
    stream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.write_text(ndjson(recorded({"a.feature": TASKS})), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["accord", "render", str(stream), "-o", str(tmp_path / "there")])
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    assert capsys.readouterr().out == "3 promises kept\n"
    assert tmp_path.joinpath("there", "index.html").exists()
    stream.unlink()
    with pytest.raises(SystemExit, match="cannot be read"):
        cli.main()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 ms"), (0.0144, "14 ms"), (0.9996, "1.0 s"), (2.14, "2.1 s"), (41, "41 s"), (200, "3 min 20 s")],
)
def test_a_duration_is_shown_shortly(seconds: float, words: str) -> None:
    assert took(seconds) == words


def test_what_was_expected_stands_on_the_right_in_pytest() -> None:
    assert comparison("it was refused\nassert 422 == 201\n +  where 422 = ...") == ("201", "422")
    assert comparison("it was refused") is None


def test_attachments_are_left_out_of_a_baseline(stream: Path) -> None:
    outcomes = {"a list": Outcome(attachments=[text("much")])}
    document(stream, TASKS, outcomes)
    [pickle, *_] = read(stream, attachments=False).pickles()
    assert pickle.run
    assert [step.attachments for step in pickle.run.steps] == [[], [], []]


def test_of_runs_of_a_part_the_last_is_the_one_that_was_put_into_it_last_whenever_it_began(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS})
    begun = [
        {"testRunStarted": {"id": f"part.{name}", "timestamp": {"seconds": 1795000000 + after, "nanos": 0}}}
        for name, after in (("quick", 5), ("slow", 2))
    ]
    messages.append(begun[0])
    case = next(message["testCase"] for message in messages if "testCase" in message)
    messages += [begun[1], {"testCase": case | {"id": "again", "testRunStartedId": "part.slow"}}]
    found = told(stream, messages)
    assert [part.second for part in found.parts] == [45, 42]
    assert found.part_sentence().startswith("1 of 3 promises run: ")
