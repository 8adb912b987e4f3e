"""Which tokens the service takes for its own, and which passwords for the same."""

import base64
import hashlib
import hmac
import json
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jose import jwt

from app.core.clock import now
from app.core.config import get_settings
from app.core.database import LARGEST_ID
from app.core.security import (
    LONGEST_PASSWORD,
    create_access_token,
    hash_password,
    normalized,
    read_access_token,
    verify_password,
)
from app.models.user import User

HEADER = '{"alg":"HS256","typ":"JWT"}'


def in_minutes(minutes: float) -> int:
    return int((now() + timedelta(minutes=minutes)).timestamp())


def segment(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: str | bytes, header: str | bytes = HEADER, digest: Any = hashlib.sha256) -> str:
    """Return a token of these words, signed with the right key, whatever they are."""
    said = f"{segment(header)}.{segment(claims)}"
    key = get_settings().secret_key.encode()
    return f"{said}.{segment(hmac.new(key, said.encode(), digest).digest())}"


def claiming(**claims: str) -> str:
    """Return claims as JSON, each given as JSON; one that is empty is left out."""
    both = {"sub": '"7"', "exp": str(in_minutes(10))} | claims
    return "{" + ",".join(f'"{name}":{value}' for name, value in both.items() if value) + "}"


ODD_TIMES = [
    "",
    "Infinity",
    "-Infinity",
    "NaN",
    "1e999",
    "null",
    "true",
    "[]",
    "{}",
    '"soon"',
    f'"{2**33}"',
    "-1",
    "0",
    "1",
    "-" + "9" * 30,
    "9" * 30,
    "9" * 5000,
    "1e300",
    "4102444800",
    "253402300800",
]
ODD_SUBJECTS = [
    "",
    "7",
    "7.0",
    "null",
    "true",
    "[]",
    '["7"]',
    "{}",
    '{"7": 7}',
    '""',
    '" "',
    '" 7 "',
    '"7 "',
    '"7\\n"',
    '"\\u00007"',
    '"7.0"',
    '"7e0"',
    '"+7"',
    '"07"',
    '"1_0"',
    '"0"',
    '"-0"',
    '"-7"',
    '"0x7"',
    '"\u0667"',
    '"\\u0667"',
    '"\uff17"',
    '"\u00b2"',
    '"\\ud800"',
    '"seven"',
    f'"{LARGEST_ID + 1}"',
    f'"-{10**30}"',
    f'"{10**30}"',
    f'"{"7" * 5000}"',
]
ODD_CLAIMS = [
    *({"exp": value} for value in ODD_TIMES),
    *({"sub": value} for value in ODD_SUBJECTS),
    *({name: value} for name in ("iat", "nbf") for value in ODD_TIMES if value),
    {"aud": '"tasks"'},
    {"iss": "1"},
    {"jti": "[]"},
    {"scope": '"admin"'},
    {"at_hash": '"x"'},
    {"": "1"},
]
ODD_HEADERS: list[str | bytes] = [
    '{"alg":"none","typ":"JWT"}',
    '{"alg":"None","typ":"JWT"}',
    '{"alg":"hs256","typ":"JWT"}',
    '{"alg":"HS384","typ":"JWT"}',
    '{"alg":"HS512","typ":"JWT"}',
    '{"alg":"RS256","typ":"JWT"}',
    '{"alg":"HS","typ":"JWT"}',
    '{"alg":"","typ":"JWT"}',
    '{"alg":null,"typ":"JWT"}',
    '{"alg":256,"typ":"JWT"}',
    '{"alg":["HS256"],"typ":"JWT"}',
    '{"alg":{"HS256":1},"typ":"JWT"}',
    '{"typ":"JWT"}',
    '{"alg":"HS256"}',
    '{"alg":"HS256","typ":"jwt"}',
    '{"alg":"HS256","typ":"JWE"}',
    '{"alg":"HS256","typ":1}',
    '{"alg":"HS256","typ":null}',
    '{"alg":"HS256","crit":["exp"],"typ":"JWT"}',
    '{"alg":"HS256","crit":[],"typ":"JWT"}',
    '{"alg":"HS256","crit":["b64"],"b64":false,"typ":"JWT"}',
    '{"alg":"HS256","b64":false,"typ":"JWT"}',
    '{"alg":"HS256","b64":true,"typ":"JWT"}',
    '{"alg":"HS256","kid":"1","typ":"JWT"}',
    '{"alg":"HS256","kid":"../../etc/passwd","typ":"JWT"}',
    '{"alg":"HS256","kid":null,"typ":"JWT"}',
    '{"alg":"HS256","jwk":{"kty":"oct","k":""},"typ":"JWT"}',
    '{"alg":"HS256","cty":"JWT","typ":"JWT"}',
    '{"alg":"none","alg":"HS256","typ":"JWT"}',
    '{"alg":"HS256","alg":"HS256","typ":"JWT"}',
    '{"alg":"HS256","typ":"JWT","zip":"DEF"}',
    '{"alg": "HS256", "typ": "JWT"}',
    '\ufeff{"alg":"HS256","typ":"JWT"}',
    '["HS256"]',
    '"HS256"',
    "null",
    "1",
    "",
    "{",
    b"\xff",
    "[" * 100_000,
    '{"alg":"HS256","typ":' + "[" * 900 + "]" * 900 + "}",
    '{"alg":"HS256","typ":"JWT","n":' + "9" * 5000 + "}",
]


def mangled() -> dict[str, str]:
    """Tokens that are not as we write them, by what is odd about each."""
    own = create_access_token(7)
    header, claims, signature = own.split(".")
    right = claiming()
    return {
        "nothing": "",
        "dots": "..",
        "two parts": f"{header}.{claims}",
        "no signature": f"{header}.{claims}.",
        "four parts": f"{own}.{signature}",
        "padded": f"{own}=",
        "a character that base64 passes over": f"{own}!",
        "a line break in the signature": f"{header}.{claims}.{signature[:4]}\n{signature[4:]}",
        "blanks": f" {own} ",
        "another key": jwt.encode({"sub": "7", "exp": in_minutes(10)}, "x" * 32, algorithm="HS256"),
        "another hash": signed(right, '{"alg":"HS512","typ":"JWT"}', hashlib.sha512),
        "a token within a token": signed(own),
        "a text for claims": signed(json.dumps(right)),
        "claims in a list": signed(f"[{right}]"),
        "no claims": signed(""),
        "null": signed("null"),
        "brackets": signed("[" * 100_000),
        "claims nested deeply": signed('{"sub":' * 900 + '"7"' + "}" * 900),
        "no text": signed(b"\xff\xfe"),
        "a subject said twice": signed(right[:-1] + ',"sub":"7"}'),
        "another subject first": signed('{"sub":"8",' + right[1:]),
        "an end said twice": signed(right[:-1] + f',"exp":{in_minutes(10)}}}'),
        "spaces": signed(right.replace(":", ": ")),
        "an escape": signed(right.replace('"7"', '"\\u0037"')),
        "a claim's name in capitals": signed(right.replace("sub", "SUB")),
        "an end of seconds and a bit": signed(claiming(exp=f"{in_minutes(10)}.5")),
        "an end that is a fraction": signed(claiming(exp=f"{in_minutes(10)}.0")),
        "an end that is a power": signed(claiming(exp=f"{in_minutes(10)}e0")),
        "an end that is long past": signed(claiming(exp=str(in_minutes(-60)))),
        "an end that is just past": signed(claiming(exp=str(in_minutes(0) - 1))),
        "an end after that of any of ours": signed(claiming(exp=str(in_minutes(25 * 60)))),
        "more text than one would write": "x" * 1_000_000,
    }


def test_a_token_of_ours_is_taken() -> None:
    for user_id in (1, 7, 10, 1_000_000_000, LARGEST_ID):
        assert read_access_token(create_access_token(user_id)) == user_id
    assert read_access_token(signed(claiming())) == 7


@pytest.mark.parametrize("claims", ODD_CLAIMS, ids=lambda claims: str(claims)[:60])
def test_a_token_of_odd_claims_is_not_taken(claims: dict[str, str]) -> None:
    assert read_access_token(signed(claiming(**claims))) is None


@pytest.mark.parametrize("header", ODD_HEADERS, ids=lambda header: str(header)[:60])
def test_a_token_of_an_odd_header_is_not_taken(header: str | bytes) -> None:
    for digest in (hashlib.sha256, hashlib.sha384, hashlib.sha512):
        assert read_access_token(signed(claiming(), header, digest)) is None


@pytest.mark.parametrize("how", mangled())
def test_a_token_that_is_not_as_we_write_it_is_not_taken(how: str) -> None:
    assert read_access_token(mangled()[how]) is None


async def test_whoever_comes_with_an_odd_token_is_asked_to_sign_in(client: httpx.AsyncClient, test_user: User) -> None:
    own = {"sub": f'"{test_user.id}"'}
    odd = [
        *(signed(claiming(**(own | claims))) for claims in ODD_CLAIMS),
        *(signed(claiming(**own), header) for header in ODD_HEADERS),
        *mangled().values(),
        signed(claiming(sub=f'" {test_user.id} "')),
        signed(claiming(sub=f'"{test_user.id}.0"')),
    ]
    assert (await client.get("/me", headers={"Authorization": f"Bearer {signed(claiming(**own))}"})).status_code == 200
    for token in odd:
        if len(token) < 60_000 and token == token.strip() and "\n" not in token:
            answer = await client.get("/me", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401, f"{token}: {answer.text}"


NUMBERS = st.integers() | st.integers(1, LARGEST_ID) | st.floats()
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMES = st.integers(-100_000, 100_000).map(lambda it: int(NOON.timestamp()) + it) | st.floats(1.77e9, 1.78e9)
LEAVES = st.none() | st.booleans() | NUMBERS | TIMES | st.text() | NUMBERS.map(str)
VALUES = st.recursive(LEAVES, lambda it: st.lists(it) | st.dictionaries(st.text(), it), max_leaves=4)
NAMES = st.sampled_from(["sub", "exp", "iat", "nbf", "iss", "aud", "jti"]) | st.text()
CLAIMS = st.dictionaries(NAMES, VALUES) | st.fixed_dictionaries(
    {"sub": st.integers(1, 10).map(str) | VALUES, "exp": TIMES | VALUES}, optional={"iat": TIMES | VALUES}
)


@example({"sub": "7", "exp": int(NOON.timestamp())})
@example({"exp": int(NOON.timestamp()) + 24 * 3600, "sub": "7"})
@example({"sub": "7", "exp": int(NOON.timestamp()) + 24 * 3600 + 1})
@example({"sub": "7", "exp": int(NOON.timestamp()) - 1})
@example({"sub": "7", "exp": float("inf")})
@example({"sub": "7", "exp": float("nan")})
@example({"sub": "-" + "1" * 30, "exp": 2**40})
@given(CLAIMS)
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_of_all_claims_those_alone_are_taken_that_we_would_make(claims: dict[str, Any]) -> None:
    with time_machine.travel(NOON, tick=False):
        read = read_access_token(signed(json.dumps(claims, separators=(",", ":"))))
    assert read == (int(claims["sub"]) if is_ours(claims) else None)


def is_ours(claims: dict[str, Any]) -> bool:
    if set(claims) != {"sub", "exp"} or type(claims["sub"]) is not str or type(claims["exp"]) is not int:
        return False
    sub, left = claims["sub"], claims["exp"] - int(NOON.timestamp())
    is_number = sub.isascii() and sub.isdecimal() and len(sub) < 20 and sub == str(int(sub))
    return is_number and 0 < int(sub) <= LARGEST_ID and 0 <= left <= 24 * 3600


TYPED = {
    "é": ("\u00e9", "e\u0301"),
    "ạ̈": ("\u1ea1\u0308", "a\u0308\u0323", "a\u0323\u0308", "\u00e4\u0323"),
    "Å": ("\u00c5", "\u212b", "A\u030a"),
    "각": ("\uac01", "\u1100\u1161\u11a8"),
    "ᾂ": ("\u1f82", "\u03b1\u0313\u0300\u0345"),
}


@pytest.mark.parametrize("letter", TYPED)
def test_a_password_is_the_same_however_its_letters_were_typed(letter: str) -> None:
    ways = [f"correct {way} horse" for way in TYPED[letter]]
    for hashed in map(hash_password, ways):
        assert all(verify_password(way, hashed) for way in ways)
        assert not verify_password("correct e horse", hashed)


def test_letters_that_only_look_alike_are_others() -> None:
    assert not verify_password("caf\uff45s", hash_password("cafes"))
    assert not verify_password("o\ufb03ces", hash_password("offices"))


def test_the_length_of_a_password_is_counted_in_letters_as_they_are_compared() -> None:
    longest = "\u1f82" * LONGEST_PASSWORD
    typed = unicodedata.normalize("NFD", longest)
    assert len(typed) == 4 * LONGEST_PASSWORD
    assert verify_password(typed, hash_password(longest))
    assert not verify_password(typed + "x", hash_password(longest + "x"))


def test_no_letter_has_more_than_four_in_another_form() -> None:
    for code in range(0x110000):
        letter = chr(code)
        composed = unicodedata.normalize("NFC", letter)
        assert len(unicodedata.normalize("NFD", letter)) <= 4 * len(composed)


def test_accents_without_end_take_no_time() -> None:
    endless = "e" + "\u0327\u0301" * 500_000
    assert normalized(endless) == endless
    assert not verify_password(endless, hash_password("correct horse"))
