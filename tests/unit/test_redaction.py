"""What is secret is in nothing that is written, wherever it stood and however it is spelled; what is not, is told."""

import html
import json
import re
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.recording.exchanges import entry
from accord.recording.har import archive, hidden
from accord.recording.redaction.names import Names, Strength
from accord.recording.redaction.redaction import Redaction, public
from accord.recording.redaction.values import HIDDEN
from tests.helpers.exchanges import FORM, JSON, SECRET, UNITS, get, knowing, post, response, with_files, written


class TestNames:
    @pytest.mark.parametrize(
        "name",
        re.findall(
            r"\S+",
            "password new_password userPassword user[password] userpassword passwd pwd dbpwd passphrase otp pin"
            " pin_code userPin X-Pin ssn iban card_number cardNumber cvv cvc2 privateKey PRIVATE-KEY SECRET_KEY"
            " apiKey apikey X-API-Key APIKeys accessKey client_secret refresh_token accesstoken id_token token"
            " tokens csrf_token X-CSRFToken csrfmiddlewaretoken xsrf session_id sessionid JSESSIONID PHPSESSID jwt"
            " bearer credentials p%61ssword password1 X-Amz-Security-Token",
        ),
    )
    def test_a_name_of_a_secret_is_known_however_it_is_written(self, name: str) -> None:
        assert Names().strength(name) is Strength.STRONG

    @pytest.mark.parametrize(
        "name", ["session", "sid", "connect.sid", "x-auth", "X-Amz-Signature", "X-Hub-Signature-256"]
    )
    def test_a_name_that_often_is_a_secrets_is_known_as_such(self, name: str) -> None:
        assert Names().strength(name) is Strength.WEAK

    @pytest.mark.parametrize(
        "name",
        re.findall(
            r"\S+",
            "shipping opinion spinner author compass bypass tokenizer secretary keyboard primary_key idempotency-key"
            " token_type expires_in max_tokens prompt_tokens password_min_length password_policy password_changed_at"
            " auth_method session_count signature_algorithm has_password title x-request-id etag",
        ),
    )
    def test_a_name_that_is_no_secrets_is_none(self, name: str) -> None:
        assert Names(["pin"]).strength(name) is Strength.NONE

    @pytest.mark.parametrize("name", ["ref", "ref_code", "userRef", "X-Ref", "user[ref]", "REF"])
    def test_a_name_that_a_project_adds_follows_the_same_rule(self, name: str) -> None:
        names = Names(["ref"])
        assert names.strength(name) is Strength.STRONG
        assert not any(map(names.strength, ["reference", "refresh", "prefix", "ref_count"]))

    def test_a_name_that_a_project_adds_may_be_one_that_says_something_about_a_secret(self) -> None:
        assert Names(["token-type"]).strength("tokenType")

    def test_what_a_name_stands_in_may_make_it_a_secrets(self) -> None:
        names = Names()
        assert names.strength("number", "card")
        assert names.strength("id", "session")
        assert not names.strength("number", "house")


PLACES: dict[str, Callable[[], str]] = {
    "a cookie": lambda: written(get(cookie=f'theme=dark; sid="{SECRET}"')),
    "a cookie that is set": lambda: written(None, response("", JSON, ("set-cookie", f"session={SECRET}; HttpOnly"))),
    "Basic": lambda: written(get(proxy_authorization="Basic " + b64encode(f"a:{SECRET}".encode()).decode())),
    "the password of Basic": lambda: written(
        get(authorization="Basic " + b64encode(f"a:{SECRET}".encode()).decode()), response(SECRET)
    ),
    "a scheme that nobody knows": lambda: written(get(authorization=f"Foo {SECRET}"), response(SECRET)),
    "a challenge": lambda: written(None, response("", JSON, ("www-authenticate", f"Negotiate {SECRET}=="))),
    "the nonce of a challenge": lambda: written(
        None, response("", JSON, ("www-authenticate", f'Negotiate, Digest realm="x", nonce="{SECRET}"'))
    ),
    "no scheme": lambda: written(get(authorization=SECRET)),
    "a parameter of a scheme": lambda: written(get(authorization=f"Token token={SECRET}, x=1"), response(SECRET)),
    "Digest": lambda: written(get(authorization=f'Digest username="a", realm="r", response="{SECRET}"')),
    "the next nonce": lambda: written(None, response("", JSON, ("authentication-info", f"nextnonce={SECRET}"))),
    "x-auth": lambda: written(get(x_auth=SECRET)),
    "a signature": lambda: written(get(x_hub_signature_256=f"sha256={SECRET}"), response(SECRET)),
    "a fragment": lambda: written(None, response("", JSON, ("location", f"/cb#access_token={SECRET}&x=1"))),
    "a link": lambda: written(None, response("", JSON, ("link", f'</x?token={SECRET}>; rel="next"'))),
    "a refresh": lambda: written(None, response("", JSON, ("refresh", f"0; url=/x?access_token={SECRET}"))),
    "a referer's user": lambda: written(get(referer=f"http://a:{SECRET}@h/")),
    "JSON in a header": lambda: written(get(x_payload=json.dumps({"password": SECRET}))),
    "the user of the address": lambda: written(httpx.Request("GET", f"http://a:{SECRET}@test/")),
    "a parameter of a path": lambda: written(get(f"a;jsessionid={SECRET}/b")),
    "a query after ;": lambda: written(get(f"?a=1;token={SECRET}")),
    "a query whose name is escaped": lambda: written(get(f"?pass%77ord={SECRET}")),
    "a URL in a query": lambda: written(get("?next=" + quote(quote(f"/x?token={SECRET}", safe=""), safe=""))),
    "a path that the app's document describes": lambda: written(
        get(f"reset/{SECRET}"), None, None, "GET /reset/{token}"
    ),
    "a form": lambda: written(post(f'password=a b"{SECRET}&x=1', FORM)),
    "a form whose value has a ;": lambda: written(post(f"password=abc;{SECRET}&x=1", FORM)),
    "a form of no type": lambda: written(post(f"name=a&password={SECRET}")),
    "JSON in a form": lambda: written(post("a=" + quote_plus(json.dumps({"password": SECRET})), FORM)),
    "a part of a form that is JSON": lambda: written(with_files("a", json.dumps({"password": SECRET}), JSON)),
    "parts of a response": lambda: written(
        None,
        response(f'--b\r\nContent-Disposition: x; name="token"\r\n\r\n{SECRET}\r\n--b--', "multipart/x; boundary=b"),
    ),
    "JSON of no type": lambda: written(post(json.dumps({"password": SECRET}))),
    "JSON as text": lambda: written(post(json.dumps({"password": SECRET}), "text/plain")),
    "JSON in lines": lambda: written(post(f'{{"a":1}}\n{{"password":"{SECRET}"}}\n')),
    "an event of a stream": lambda: written(
        None, response(f'data: {{"token":\ndata: "{SECRET}"}}\n\n', "text/event-stream")
    ),
    "JSON in JSON in JSON": lambda: written(post(json.dumps({"a": json.dumps({"b": json.dumps({"otp": SECRET})})}))),
    "a key that is there twice": lambda: written(post(f'{{"password":"{SECRET}","password":null}}', JSON)),
    "a key that is escaped": lambda: written(post(f'{{"pass\\u0077ord":"{SECRET}",', JSON)),
    "a value that goes on in another line": lambda: written(post(f'{{"password":"ab\n{SECRET}", "x": 1}}', JSON)),
    "an array that does not end": lambda: written(post(f'{{"token": ["{SECRET}", "x"', JSON)),
    "an object that does not end": lambda: written(post(f'{{"user":{{"password":"{SECRET}"}},', JSON)),
    "600 objects": lambda: written(post('{"a":' * 600 + f'{{"password":"{SECRET}"}}' + "}" * 600, JSON)),
    "a number": lambda: written(post('{"pin": 90012345}'), response("[90012345]")).replace("90012345", SECRET),
    "a patch": lambda: written(post(json.dumps([{"op": "add", "path": "/password", "value": SECRET}]))),
    "a patch the other way round": lambda: written(post(json.dumps([{"value": {"a": SECRET}, "path": "/token"}]))),
    "a name beside the value": lambda: written(post(json.dumps([{"type": "password", "value": SECRET}]))),
    "an error of FastAPI": lambda: written(
        None, response(json.dumps([{"input": SECRET, "loc": ["body", "password"]}]))
    ),
    "UTF-16": lambda: written(post(json.dumps({"password": SECRET}).encode("utf-16"), JSON)),
    "UTF-32 without a mark": lambda: written(post(json.dumps({"password": SECRET}).encode("utf-32-le"), JSON)),
    "a mark of UTF-8": lambda: written(post(b"\xef\xbb\xbf" + json.dumps({"password": SECRET}).encode(), JSON)),
    "bytes that are no UTF-8": lambda: written(post(b'{"\xe9":1,"password":"%s"}' % SECRET.encode()), response(SECRET)),
    "a URL in JSON": lambda: written(post(json.dumps({"dsn": f"postgresql://bob:p@{SECRET}@db/x"}))),
    "GraphQL": lambda: written(post(json.dumps({"query": f'mutation {{ login(password: "{SECRET}") }}'}))),
    "XML": lambda: written(post(f"<a:Password><![CDATA[{SECRET}]]></a:Password>", "text/xml")),
    "an attribute": lambda: written(post(f'<user password="{SECRET}"/>', "text/xml")),
    "a field of a page": lambda: written(None, response(f"<input value='{SECRET}' name=csrf_token>", "text/html")),
    "a link of a page": lambda: written(None, response(f'<a href="/x?a=1&amp;token={SECRET}">', "text/html")),
    "YAML": lambda: written(post(f"user: bob\npassword: {SECRET}\n", "application/yaml")),
    "a setting": lambda: written(post(f"export DB_PASSWORD={SECRET}\n", "text/plain")),
    "HTTP as text": lambda: written(
        post(f"GET /\r\nAuthorization: Bearer {SECRET}\r\nCookie: a=b; c={SECRET}\r\n", "message/http")
    ),
    "Python as text": lambda: written(post(f"{{'a': 1, b'password': b'{SECRET}'}}", "text/plain")),
    "JSON that a log escaped": lambda: written(post(rf"log: {{\"password\": \"{SECRET}\"}}", "text/plain")),
    "after an odd quote": lambda: written(post(f'5" disk {{"password":"{SECRET}"}}', "text/plain")),
    "beside one of a secret's": lambda: written(post(json.dumps({"tokens": [{"id": 1}, SECRET]})), response(SECRET)),
    "an item of a list of pairs": lambda: written(post(json.dumps([["a", 1], ["password", SECRET]])), response(SECRET)),
    "a header of a list of pairs": lambda: written(post(f'[["authorization", "Bearer {SECRET}"]]'), response(SECRET)),
    "an object of a secret's": lambda: written(post(json.dumps({"credentials": {SECRET: 1}})), response(SECRET)),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_value_in_a_secrets_place_is_hidden(place: Callable[[], str]) -> None:
    said = place()
    assert SECRET not in said
    assert HIDDEN in said


@pytest.mark.parametrize(
    "text",
    [
        "The token: use it wisely",
        "Invalid token: expired",
        "Reset your password: click the link",
        "no such token: None",
        "pass: 3, fail: 2",
        "if password == other: return",
        "Authorization: required by law",
        "Cookie: we use them",
        '{"name":  "alice",\n "token_type": "bearer", "expires_in": 3600}',
        '{"password":null,"token":true,"has_password":false}',
        '{"max_tokens":4096,"usage":{"total_tokens":5000,"tokens":12}}',
        '{"password_policy":{"min_length":8},"password_changed_at":"2026-01-01T00:00:00Z"}',
        '{"detail":[{"loc":["body","password"],"type":"missing","input":{"name":"alice"}}]}',
        '{"properties":{"password":{"type":"string","title":"Password"}}}',
        '{"session":{"user":"alice","count":3},"shipping":"fast","opinion":"mine"}',
        '{"key":"a","value":"b","url":"https://example.org/a?page=2#top"}',
        '[["password","required"],["token","email"]]',
        '<label for="password">Password</label><button name="token">Save</button>',
    ],
)
def test_what_is_not_a_secret_is_written_as_it_was_sent(text: str) -> None:
    assert json.dumps(text)[1:-1] in written(None, response(text))


def test_only_the_value_of_a_cookie_is_hidden() -> None:
    cookie = "session=abcXYZ12345; Expires=Wed, 25 Nov 2026 10:00:00 GMT; Max-Age=3600; Path=/; SameSite=Lax"
    redaction = Redaction()
    said = written(
        get(cookie="theme=dark; lang=en-US; consent=accepted"), response("", JSON, ("set-cookie", cookie)), redaction
    )
    assert cookie.replace("abcXYZ12345", HIDDEN) in said
    assert f"theme={HIDDEN}; lang={HIDDEN}; consent={HIDDEN}" in said
    text = "In 2026 the dark one is accepted for 3600 s, in en-US, GMT"
    assert text in written(None, response(text), redaction)


def test_of_an_authorization_the_scheme_and_what_is_not_a_secret_is_written() -> None:
    request = get(authorization='Digest username="bob", realm="tasks", response="c0ffee12"')
    challenge = 'Negotiate, Bearer realm="tasks", error="invalid_token"'
    redaction = Redaction()
    said = written(request, response("Bearer tasks bob", JSON, ("www-authenticate", challenge)), redaction)
    assert json.dumps(f'Digest username="bob", realm="tasks", response="{HIDDEN}"')[1:-1] in said
    assert json.dumps(challenge)[1:-1] in said
    assert "Bearer tasks bob" in said
    assert f"Bearer {HIDDEN}" in written(get(authorization=f"Bearer {SECRET}"))


def test_a_phrase_is_hidden_as_a_whole() -> None:
    redaction = knowing("correct horse battery staple")
    said = written(None, response("a correct horse; correct horse battery staple"), redaction)
    assert f"a correct horse; {HIDDEN}" in said


def test_whose_credentials_they_are_is_no_secret() -> None:
    redaction = Redaction()
    credentials = {"username": "alice", "type": "password", "password": SECRET}
    card = {"number": "4111222233334444", "exp_year": 2027, "brand": "visa"}
    written(post(json.dumps({"credentials": credentials, "creditCard": card})), None, redaction)
    assert redaction.text(f"alice has the password {SECRET}") == f"alice has the password {HIDDEN}"
    assert redaction.text("visa, until 2027: 4111222233334444") == f"visa, until 2027: {HIDDEN}"


def test_a_short_value_is_hidden_in_its_place_only() -> None:
    redaction = Redaction()
    assert f'{{\\"pin\\": \\"{HIDDEN}\\"}}' in written(post('{"pin": 123}'), None, redaction)
    assert redaction.text("123") == "123"


def test_what_is_seen_late_to_be_a_secret_is_hidden_in_what_was_seen_before() -> None:
    redaction = Redaction()
    before = entry(redaction, get(f"reset/{SECRET}"), httpx.Response(204), 0, 1, None)
    written(post(json.dumps({"token": SECRET})), None, redaction)
    assert SECRET not in archive([hidden(redaction, before)])


TRICKY = ["a\"b\\c'd é/+&%<ü>", "pässw\nörd😀ab'", "İstanbul-1é", "C:\\new\\u0041x", "tab\there&amp;"]
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "as JSON": json.dumps,
    "as JSON in JSON": lambda value: json.dumps(json.dumps([value])),
    "as JSON with its letters": lambda value: json.dumps(value, ensure_ascii=False),
    "as Python": repr,
    "as Python with both quotes": lambda value: repr("\"'" + value),
    "as Python in Python": lambda value: repr(repr({"it": value})),
    "as ASCII": ascii,
    "as ASCII in ASCII": lambda value: repr({"it": value}).encode("unicode_escape").decode(),
    "as bytes": lambda value: repr(value.encode()),
    "in a URL": lambda value: quote(value, safe=""),
    "in a form": quote_plus,
    "in a URL in a URL": lambda value: quote(quote(value)).lower(),
    "in HTML": html.escape,
    "in HTML with other quotes": lambda value: html.escape(value).replace("&#x27;", "&apos;"),
    "composed": lambda value: unicodedata.normalize("NFC", value),
    "decomposed": lambda value: unicodedata.normalize("NFD", value),
    "in large letters": str.upper,
    "in base64": lambda value: b64encode(b"bob:" + value.encode()).decode(),
    "in base64 for URLs": lambda value: urlsafe_b64encode(b"x" + value.encode() + b"yz").decode(),
}


@pytest.mark.parametrize("secret", [SECRET, *TRICKY])
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_is_hidden_in_each_spelling(spelling: Callable[[str], str], secret: str) -> None:
    spelled = spelling(secret)
    said = knowing(secret).text(f"before {spelled} after")
    assert HIDDEN in said
    assert spelled not in said
    assert said.startswith("before ")
    assert said.endswith(" after")


LONG = "Zq7canary" + "h" * 150 + "m" * 150 + "TAIL9end"


@pytest.mark.parametrize("cut", [f"'{LONG[:20]}...{LONG[-20:]}'", f"{LONG[:9]}… and", f"b'…{LONG[-12:]}', 1"])
def test_what_pytest_left_of_a_secret_is_hidden(cut: str) -> None:
    said = knowing(LONG).text(cut)
    assert LONG[:8] not in said
    assert LONG[-8:] not in said
    assert "..." in said or "…" in said


def test_what_pytest_leaves_of_two_texts_that_begin_alike_is_hidden() -> None:
    said = knowing(LONG).text(
        f"E     Skipping 90 identical leading characters in diff\nE     - other\nE     + {LONG[-40:]}\nE"
    )
    assert "TAIL9" not in said


def test_a_word_with_which_a_secret_begins_is_written() -> None:
    redaction = knowing("password-of-mine")
    assert redaction.text("'password' is a word... as password is") == "'password' is a word... as password is"
    assert redaction.text("the password... is that") == "the password... is that"


def test_what_a_limit_left_of_a_secret_is_hidden() -> None:
    redaction = Redaction()
    body = "x" * (16_384 - 9) + SECRET
    before = entry(redaction, post(body), httpx.Response(204), 0, 1, None)
    redaction.named("password", SECRET)
    assert SECRET[:8] not in archive([hidden(redaction, before)])


def test_what_python_parts_into_lines_is_hidden() -> None:
    text = (
        "E     + ('a correct horse and '\nE     +  'a battery staple')\nE     + b'a correct horse'\nE     + b' and a '"
    )
    said = knowing("a correct horse and a battery staple", "a correct horse and a").text(text)
    assert "horse" not in said
    assert "staple" not in said


def test_the_signature_of_a_token_is_hidden_by_itself() -> None:
    said = knowing("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl").text("eyJhbGciOiJIUzI1NiJ9 c2lnbmF0dXJl")
    assert said == f"eyJhbGciOiJIUzI1NiJ9 {HIDDEN}"


def test_each_line_of_a_key_is_hidden() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----"
    said = knowing(key).text("E     + -----BEGIN PRIVATE KEY-----\nE     + MIIEvQIBADANBgkq")
    assert said == f"E     + -----BEGIN PRIVATE KEY-----\nE     + {HIDDEN}"


def test_secrets_that_overlap_are_hidden_both() -> None:
    assert knowing("abcdefgh", "ghijkl", "abcdefghij").text("abcdefghijkl") == HIDDEN


def test_thousands_of_secrets_are_hidden() -> None:
    secrets = [f"{number:08x}-{number * 7919 % 10_007}" for number in range(5_000)]
    redaction = Redaction()
    said = written(post(json.dumps({"tokens": secrets})), response(json.dumps(secrets)), redaction)
    assert not any(secret in said for secret in secrets)


pieces = st.sampled_from(
    [*UNITS, "x", " ", "\n", ":", "=", "}", "]", ">", "'", "%ED%A0%80", "\\ud800", "\ud800", "&#0;", "%"]
)


@given(
    st.lists(pieces, max_size=30).map("".join), st.sampled_from([JSON, FORM, "", "multipart/x; boundary=x", "text/xml"])
)
def test_no_body_is_too_broken_to_be_written(body: str, content_type: str) -> None:
    content = body.encode(errors="surrogatepass")
    redaction = knowing("secret-0-of-mine", "password", "\ud800abc")
    written(post(content, content_type), httpx.Response(500, content=content), redaction)
    redaction.text(body)
    redaction.header("authorization", body)
    redaction.header("cookie", body)
    redaction.header("set-cookie", body)
    redaction.url(body)
    public(body)


names = st.sampled_from(
    ["password", "userPin", "X-API-Key", "refresh_token", "private-key", "cardNumber", "client[secret]"]
)
# Nothing that a text cannot carry, and what is in no text by chance.
values = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\"'\\%&;=+ /<>{}[]"),
    min_size=4,
    max_size=30,
).map(lambda text: f"Zq{text}9x")
in_place: dict[str, Callable[[str, str], httpx.Request]] = {
    "JSON": lambda name, value: post(json.dumps({"a": [{name: value}]}), JSON),
    "JSON as text": lambda name, value: post(json.dumps({name: [value]}, ensure_ascii=False), "text/plain"),
    "JSON in JSON": lambda name, value: post(json.dumps({"a": json.dumps({name: {"b": value}})}), JSON),
    "JSON that is broken": lambda name, value: post(json.dumps([{name: value}])[:-3], JSON),
    "a pair": lambda name, value: post(json.dumps({"value": value, "name": name}), JSON),
    "a form": lambda name, value: post(f"{quote_plus(name)}={quote_plus(value)}&a=b", FORM),
    "a query": lambda name, value: get(f"?{quote(name)}={quote(value, safe='')}"),
    "a form with files": with_files,
    "a header": lambda name, value: get(x_payload=json.dumps({name: value})),
    "a cookie": lambda name, value: get(cookie=f"{quote(name)}={quote(value, safe='')}"),
    "XML": lambda name, value: post(f"<a><password>{html.escape(value)}</password></a>", "text/xml"),
}  # fmt: skip


@given(names, values, st.sampled_from(sorted(in_place)), st.sampled_from(sorted(SPELLINGS)))
def test_no_value_under_a_secrets_name_stays_in_any_spelling(name: str, value: str, place: str, spelling: str) -> None:
    redaction = Redaction(["pin"])
    said = written(in_place[place](name, value), None, redaction)
    assert "zq" not in said.lower()
    assert "zq" not in redaction.text(f"it was {SPELLINGS[spelling](value.strip())} then").lower()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://bob:t0ken@ci.example/a/7", "https://ci.example/a/7"),
        ("https://t0ken@ci.example/a/7?b=1", "https://ci.example/a/7?b=1"),
        ("https://bob:p@ss@ci.example/a", "https://ci.example/a"),
        ("https://ci.example/a?build=7&access_token=x#token=y", "https://ci.example/a?build=7"),
        ("https://ci.example/a?private%5Ftoken=x#L7", "https://ci.example/a#L7"),
        ("git@git.example:a/b.git", "git@git.example:a/b.git"),
        ("bob:t0ken@git.example:a/b.git", "git.example:a/b.git"),
        ("https://ci.example/@bob/a", "https://ci.example/@bob/a"),
    ],
)
def test_an_address_is_shown_without_user_and_tokens(address: str, shown: str) -> None:
    assert public(address) == shown
