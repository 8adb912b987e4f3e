"""Signing in, and asking who one is."""

import base64
import math
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
from jose import jwt
from pytest_bdd import given, then, when
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import now
from app.core.config import get_settings
from app.core.security import hash_password
from steps import parsers
from steps.accounts import E_ACUTE, PASSWORD, People, assert_signed_in
from steps.service import Environment

CREDENTIALS: dict[str, dict[str, str | None]] = {
    "the right password": {},
    "a wrong password": {"password": "battery staple"},
    "the right password and a bit more": {"password": PASSWORD + "s"},
    "the right password in capitals": {"password": PASSWORD.upper()},
    "a character in the password that cannot be stored": {"password": PASSWORD + "\0"},
    "a character in the name that cannot be stored": {"username": "al\0ice", "password": PASSWORD},
    "a password of 5000 characters": {"password": "x" * 5000},
    "a password as long as a book": {"password": "x" * 1_000_000},
    "no password": {"password": None},
}


def signed(key: str | None = None, **claims: object) -> str:
    """Return a token that says `claims`, good for half an hour unless they say otherwise; None leaves a claim out."""
    claims = {"exp": now() + timedelta(minutes=30)} | claims
    present = {name: claim for name, claim in claims.items() if claim is not None}
    return jwt.encode(present, key or get_settings().secret_key, algorithm="HS256")


def unsigned(token: str) -> str:
    """Return the token, claiming that it needs no signature."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def renamed(token: str, other: str) -> str:
    """Return the first token with what the other says, under its own signature."""
    header, _, signature = token.split(".")
    return f"{header}.{other.split('.')[1]}.{signature}"


AUTHORIZATIONS: dict[str, Callable[[str, str], str | None]] = {
    "without signing in": lambda _alice, _bob: None,
    "with an empty token": lambda _alice, _bob: "Bearer ",
    "with a token of another kind": lambda alice, _bob: f"Basic {signed(sub=alice)}",
    "with a token that is gibberish": lambda _alice, _bob: "Bearer gibberish",
    "with a token that another service signed": lambda alice, _bob: f"Bearer {signed('another-' * 8, sub=alice)}",
    "with a token that nobody signed": lambda alice, _bob: f"Bearer {unsigned(signed(sub=alice))}",
    "with a token whose name was changed": lambda alice, bob: f"Bearer {renamed(signed(sub=bob), signed(sub=alice))}",
    "with a token that names nobody": lambda _alice, _bob: f"Bearer {signed()}",
    "with a token that never expires": lambda alice, _bob: f"Bearer {signed(sub=alice, exp=None)}",
    "with a token that names someone who cannot exist": lambda _alice, _bob: f"Bearer {signed(sub='9' * 20)}",
    "with a token that expires at an impossible time": lambda alice, _bob: f"Bearer {signed(sub=alice, exp=math.inf)}",
    "with a token that expires in a thousand years": lambda alice, _bob: f"Bearer {signed(sub=alice, exp=32503680000)}",
    "with a token that claims more rights": lambda alice, _bob: f"Bearer {signed(sub=alice, admin=True)}",
}


def cafe(e_acute: str) -> str:
    """Return a password with an é in it, typed in this way."""
    return f"correct caf{e_acute}"


@given(parsers.parse('"{name}" is signed in'))
async def sign_in_before(people: People, name: str) -> None:
    assert_signed_in(await people.sign_in(name))


@given("passwords are protected as in real use")
async def hash_passwords_as_in_production(configured: Environment, people: People, db_session: AsyncSession) -> None:
    configured.setenv("PASSWORD_HASHING", "{}")
    for name in await people.names():
        (await people.account(name)).hashed_password = hash_password(PASSWORD)
    await db_session.commit()


@given(parsers.parse('the password of "{name}" has an é typed as {e_acute}', e_acute=E_ACUTE))
async def give_password_with_accent(people: People, db_session: AsyncSession, name: str, e_acute: str) -> None:
    (await people.account(name)).hashed_password = hash_password(cafe(e_acute))
    await db_session.commit()


@when(parsers.parse('"{name}" signs in with {details}', details=CREDENTIALS), target_fixture="response")
async def sign_in(people: People, name: str, details: dict[str, str | None]) -> httpx.Response:
    return await people.sign_in(name, **details)


@when(parsers.parse('"{name}" signs in with gibberish'), target_fixture="response")
async def sign_in_with_gibberish(client: httpx.AsyncClient, name: str) -> httpx.Response:
    headers = {"Content-Type": "multipart/form-data; boundary=form"}
    return await client.post("/auth/token", content=f"--form: {name}".encode(), headers=headers)


@when(
    parsers.parse('"{name}" enters the password with the é typed as {e_acute}', e_acute=E_ACUTE),
    target_fixture="response",
)
async def sign_in_with_accent(people: People, name: str, e_acute: str) -> httpx.Response:
    return await people.sign_in(name, password=cafe(e_acute))


@when(parsers.parse('"{name}" and "{other}" sign in with a wrong password'), target_fixture="attempts")
async def sign_in_both_with_wrong_password(people: People, name: str, other: str) -> dict[str, Any]:
    attempts: dict[str, Any] = {"responses": set(), "seconds": {name: [], other: []}}
    for who in [name, other] * 3:
        start = time.process_time()
        response = await people.sign_in(who, password="battery staple")
        attempts["seconds"][who].append(time.process_time() - start)
        attempts["responses"].add((response.status_code, response.text, response.headers["WWW-Authenticate"]))
    return attempts


@when(parsers.parse('"{name}" asks who they are'), target_fixture="response")
async def ask_who_they_are(people: People, name: str) -> httpx.Response:
    return await people.ask_as(name)


@when(
    parsers.parse("someone asks who they are {authorization}", authorization=AUTHORIZATIONS),
    target_fixture="response",
)
async def ask_with_authorization(people: People, authorization: Callable[[str, str], str | None]) -> httpx.Response:
    alice, bob = [str((await people.account(name)).id) for name in ("alice", "bob")]
    return await people.ask(authorization(alice, bob))


@then(parsers.parse('"{name}" is signed in'))
async def assert_signed_in_as(people: People, response: httpx.Response, name: str) -> None:
    assert_signed_in(response)
    assert response.json()["token_type"] == "bearer", "the token is of another kind"
    account = await people.ask(f"Bearer {response.json()['access_token']}")
    assert account.json()["username"] == name, f"someone else is signed in: {account.text}"


@then("both are refused in the same words and in about the same time")
async def assert_refused_alike(attempts: dict[str, Any]) -> None:
    [(status, *_words)] = attempts["responses"]
    assert status == 401, "they are not refused"
    # The quickest of three says what the work costs: some fifty times less where no hash is computed, twice as much
    # where two are. What else the machine does is not counted.
    quickest, slowest = sorted(min(seconds) for seconds in attempts["seconds"].values())
    assert slowest < 1.6 * quickest, f"one is refused in {quickest:.3f} s, the other in {slowest:.3f} s"


@then(parsers.parse('they are told that they are "{name}"'))
async def assert_told_name(people: People, response: httpx.Response, name: str) -> None:
    account = await people.account(name)
    expected = {"id": account.id, "username": name, "email": f"{name}@example.com"}
    assert (response.status_code, response.json()) == (200, expected), f"they are told: {response.text}"


@then("they are asked to sign in")
async def assert_asked_to_sign_in(response: httpx.Response) -> None:
    assert response.status_code == 401, f"they are not asked to: {response.text}"
    assert response.headers["WWW-Authenticate"] == "Bearer", "they are not told how"
