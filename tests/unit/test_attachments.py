"""What is kept of an exchange has no secret in it, and says where something was left out."""

import gzip
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.living_docs.attachments import rendered
from accord.living_docs.run import Attachment
from accord.recording.exchanges import entry
from accord.recording.har import LONGEST_BODY, Entry, archive
from accord.recording.http_text import http_text
from accord.recording.redaction.redaction import Redaction
from accord.recording.redaction.values import HIDDEN
from tests.helpers.recording import exchange, har

SECRET = "s3cr3t-0f-m1ne"
URL = "http://test/"


def seen(request: httpx.Request, response: httpx.Response | None = None, redaction: Redaction | None = None) -> Entry:
    return entry(redaction or Redaction(), request, response or httpx.Response(204), 0, 1_500_000, "POST /")


def posted(**sent: object) -> httpx.Request:
    request = httpx.Request("POST", URL, **sent)  # type: ignore[arg-type]
    request.read()
    return request


REQUESTS = {
    "a header": posted(headers={"Authorization": f"Bearer {SECRET}"}),
    "a header of a key": posted(headers={"X-API-Key": SECRET}),
    "a cookie": posted(cookies={"session": SECRET}),
    "a query": httpx.Request("GET", f"{URL}?access_token={SECRET}&page=2"),
    "a form": posted(data={"password": SECRET, "name": "alice"}),
    "a form with files": posted(data={"password": SECRET}, files={"picture": b"\x89PNG"}),
    "JSON": posted(json={"name": "alice", "new_password": SECRET}),
    "JSON at any depth": posted(json=[{"users": [{"credentials": {"a": [SECRET]}}]}]),
    "JSON that escapes the name": posted(
        content=f'{{"p\\u0061ssword": "{SECRET}"}}', headers={"Content-Type": "application/json"}
    ),
    "JSON of a vendor's": posted(
        content=json.dumps({"clientSecret": SECRET}),
        headers={"Content-Type": "application/vnd.api+json; charset=utf-8"},
    ),
    "JSON that is broken": posted(
        content=f'{{"password": "{SECRET}", "name": ', headers={"Content-Type": "application/json"}
    ),
    "JSON too deep to be read": posted(
        content=f'{{"token": "{SECRET}", "deep": ' + "[" * 100_000, headers={"Content-Type": "application/json"}
    ),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_secret_is_hidden_by_its_name(request_: httpx.Request) -> None:
    told = seen(request_)
    assert SECRET not in json.dumps(told)
    assert HIDDEN in json.dumps(told)
    assert SECRET not in "".join(http_text(told))


def test_a_secret_of_the_response_is_hidden_as_well() -> None:
    response = httpx.Response(200, json={"access_token": SECRET}, headers={"Set-Cookie": f"session={SECRET}"})
    assert SECRET not in json.dumps(seen(posted(), response))


def test_a_secret_in_the_address_that_a_response_leads_to_is_hidden() -> None:
    response = httpx.Response(302, headers={"Location": f"/welcome?token={SECRET}&page=2"})
    told = seen(posted(), response)
    assert SECRET not in json.dumps(told)
    assert told["response"]["redirectURL"] == "/welcome?token=[redacted]&page=2"


def test_what_was_hidden_once_is_hidden_everywhere() -> None:
    redaction = Redaction()
    echo = httpx.Response(400, text=f"no such token: {SECRET}")
    told = seen(posted(headers={"Authorization": f"Bearer {SECRET}"}), echo, redaction)
    assert SECRET not in json.dumps(told)
    assert redaction.text(f"assert '{SECRET}' == 'x'") == "assert '[redacted]' == 'x'"


def test_a_number_may_be_a_secret() -> None:
    redaction = Redaction(["pin"])
    told = seen(posted(json={"pin": 98765}), httpx.Response(400, text="98765 is wrong"), redaction)
    assert "98765" not in json.dumps(told)


def test_a_project_names_its_own_secrets() -> None:
    told = seen(posted(json={"Social-Security": SECRET, "social": "club"}), redaction=Redaction(["social_security"]))
    assert SECRET not in json.dumps(told)
    assert "club" in json.dumps(told)


def test_what_is_not_secret_is_shown_as_it_was_sent() -> None:
    sent = '{"name":  "alice", "token_type": "bearer", "price": 1.10}'
    told = seen(posted(content=sent, headers={"Content-Type": "application/json"}))
    assert told["request"]["postData"]["text"] == sent


def test_a_long_body_is_cut_and_says_so() -> None:
    told = seen(posted(content="x" * (LONGEST_BODY + 1)))["request"]["postData"]
    assert len(told["text"]) == LONGEST_BODY
    assert told["comment"] == f"the first {LONGEST_BODY} of {LONGEST_BODY + 1} characters"


def test_a_secret_is_hidden_before_a_body_is_cut() -> None:
    padding = "x" * (LONGEST_BODY - 8)
    redaction = Redaction()
    redaction.named("token", SECRET)
    assert SECRET[:5] not in seen(posted(content=padding + SECRET), redaction=redaction)["request"]["postData"]["text"]


def test_binary_is_shown_as_such() -> None:
    told = seen(posted(), httpx.Response(200, content=b"\x89PNG\0\xff", headers={"Content-Type": "image/png"}))
    assert told["response"]["content"]["comment"] == "binary, 6 bytes"
    assert told["response"]["content"]["text"] == ""


def test_a_compressed_body_is_read() -> None:
    body = gzip.compress(b'{"name": "alice"}')
    response = httpx.Response(
        200, content=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}
    )
    assert seen(posted(), response)["response"]["content"]["text"] == '{"name": "alice"}'


def test_a_request_is_read_as_one_reads_http() -> None:
    told = seen(httpx.Request("POST", f"{URL}tasks/", json={"title": "Buy milk"}), httpx.Response(201, text="done"))
    request, response = http_text(told)
    assert request.startswith("POST /tasks/ HTTP/1.1\nhost: test\n")
    assert request.endswith('\n\n{"title":"Buy milk"}')
    assert response.startswith("HTTP/1.1 201 Created\n")
    assert response.endswith("\n\ndone")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://alice:pass@test/tasks?page=2#top", "/tasks?page=2"),
        ("http://test", "/"),
        ("http://test?page=2", "/?page=2"),
        ("http://[::1]:80/a", "/a"),
    ],
)
def test_what_is_requested_is_the_path_and_the_query(url: str, target: str) -> None:
    request, _ = http_text(seen(httpx.Request("GET", url)))
    assert request.startswith(f"GET {target} HTTP/1.1\nhost: ")


def test_the_fields_of_a_form_are_read_line_by_line() -> None:
    request, _ = http_text(seen(posted(data={"name": "alice"}, files={"picture": b"\x89PNG"})))
    assert request.endswith("\n\nname=alice\npicture=upload")


def test_an_archive_is_har() -> None:
    log = json.loads(archive([seen(posted())]))["log"]
    assert log["version"] == "1.2"
    [told] = log["entries"]
    assert (told["time"], told["startedDateTime"]) == (1.5, "1970-01-01T00:00:00+00:00")
    assert {"request", "response", "cache", "timings"} <= set(told)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(value=json_values, depth=st.integers(0, 5))
def test_no_json_hides_a_secret_from_us(value: object, depth: int) -> None:
    body: object = {"password": SECRET, "other": value}
    for _ in range(depth):
        body = [value, {"x": body}]
    assert SECRET not in json.dumps(seen(posted(json=body)))


@pytest.mark.parametrize(
    ("comment", "is_told"),
    [
        ("the first 16384 of 20000 characters", True),
        ("binary, 6 bytes", True),
        ("sent as a stream", False),
        ("", False),
    ],
)
def test_of_a_body_that_is_not_all_there_it_is_told_how_to_have_it_whole(comment: str, is_told: bool) -> None:
    body = {"content": {"mimeType": "text/plain", "text": "begun", "comment": comment}}
    entry = exchange("GET /", 200)
    attached = har(entry | {"response": entry["response"] | body})
    [piece] = rendered(Attachment(attached["mediaType"], attached["body"]))
    assert ("attach(response.content)" in "".join(piece.texts)) is is_told
