"""Registering, signing in, and asking who one is."""

import base64
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from jose import jwt
from pytest_bdd import given, then, when
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import now
from app.core.config import get_settings
from app.core.security import hash_password, verify_password
from app.models.user import User
from steps.answers import accepted, refused
from steps.sentences import sentence
from steps.service import Environment

PASSWORD = "correct horse"
PASSWORDS: dict[str, dict[str, str | None]] = {
    "the right password": {},
    "a wrong password": {"password": "battery staple"},
    "the right password and a bit more": {"password": PASSWORD + "s"},
    "the right password in capitals": {"password": PASSWORD.upper()},
    "an unstorable character in the password": {"password": PASSWORD + "\0"},
    "an unstorable character in the name": {"username": "al\0ice", "password": PASSWORD},
    "a password of 5000 characters": {"password": "x" * 5000},
    "no password": {"password": None},
}
FORMS: dict[str, Any] = {
    "no more than noise": {
        "content": b"--form: alice",
        "headers": {"Content-Type": "multipart/form-data; boundary=form"},
    },
    "many books": {"data": {"username": "alice", "password": "x" * 1_000_000}},
}
E_ACUTE = {"one letter": "\u00e9", "an e and an acute": "e\u0301", "an e without acute": "e"}
MISTAKES: dict[str, dict[str, object]] = {
    "without a name": {"username": None},
    "without an address": {"email": None},
    "without a password": {"password": None},
    "with a detail that nobody asks": {"is_admin": True},
    "with far too many details": {f"colour {number}": "blue" for number in range(1_000)},
    "that fills many books": {"password": "x" * 1_000_000},
    "with a number for a password": {"password": 1234567890},
    "with an unstorable character in the password": {"password": "correct\0horse"},
    "with half an emoji in the password": {"password": "correct \ud83d horse"},
}


class People:
    """Those who have an account or want one, by their names."""

    def __init__(self, client: httpx.AsyncClient, session: AsyncSession) -> None:
        self._client = client
        self._session = session
        self._passwords: dict[str, object] = {}
        self._passes: dict[str, str] = {}
        self.known: list[str] = []

    async def have_account(self, name: str) -> None:
        """Put an account into the database, with no word to anyone."""
        self.known.append(name)
        self._session.add(User(username=name, email=f"{name}@example.com", hashed_password=hash_password(PASSWORD)))
        await self._session.commit()

    async def account(self, name: str) -> User:
        """Return the account as the database has it."""
        return (await self._session.scalars(select(User).where(User.username == name))).one()

    async def names(self) -> list[str]:
        """Return the names of all who have an account."""
        return list(await self._session.scalars(select(User.username).order_by(User.id)))

    async def register(self, name: str, **details: object) -> httpx.Response:
        """Ask for an account; a detail that is None is left out."""
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD} | details
        self._passwords[name] = body["password"]
        content = json.dumps({field: value for field, value in body.items() if value is not None})
        return await self._client.post("/auth/register", content=content, headers={"Content-Type": "application/json"})

    async def sign_in(self, name: str, password: str = "the right password") -> httpx.Response:
        """Ask for a pass, and keep it."""
        request = FORMS.get(password) or {"data": self._form(name, **PASSWORDS[password])}
        answer = await self._client.post("/auth/token", **request)
        if answer.status_code == 200:
            self._passes[name] = answer.json()["access_token"]
        return answer

    def _form(self, name: str, **details: object) -> dict[str, object]:
        form = {"username": name, "password": self._passwords.get(name, PASSWORD)} | details
        return {field: value for field, value in form.items() if value is not None}

    async def ask(self, authorization: str | None) -> httpx.Response:
        """Ask who one is."""
        headers = {} if authorization is None else {"Authorization": authorization}
        return await self._client.get("/me", headers=headers)

    async def ask_as(self, name: str) -> httpx.Response:
        """Ask who one is, with the pass that this person was given."""
        return await self.ask(f"Bearer {self._passes[name]}")


def signed(key: str | None = None, **claims: object) -> str:
    """Return a pass that says `claims`, good for half an hour unless they say otherwise; None leaves a claim out."""
    claims = {"exp": now() + timedelta(minutes=30)} | claims
    kept = {name: claim for name, claim in claims.items() if claim is not None}
    return jwt.encode(kept, key or get_settings().secret_key, algorithm="HS256")


def unsigned(token: str) -> str:
    """Return the pass, claiming that it needs no signature."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def renamed(token: str, other: str) -> str:
    """Return the first pass with what the other says, under its own signature."""
    header, _, signature = token.split(".")
    return f"{header}.{other.split('.')[1]}.{signature}"


FORGED: dict[str, Callable[[str, str], str | None]] = {
    "without signing in": lambda _alice, _bob: None,
    "with an empty pass": lambda _alice, _bob: "Bearer ",
    "with a pass of another kind": lambda alice, _bob: f"Basic {signed(sub=alice)}",
    "with a pass that is gibberish": lambda _alice, _bob: "Bearer gibberish",
    "with a pass that another service signed": lambda alice, _bob: f"Bearer {signed('another-' * 8, sub=alice)}",
    "with a pass that nobody signed": lambda alice, _bob: f"Bearer {unsigned(signed(sub=alice))}",
    "with a pass whose name was changed": lambda alice, bob: f"Bearer {renamed(signed(sub=bob), signed(sub=alice))}",
    "with a pass of no one": lambda _alice, _bob: f"Bearer {signed()}",
    "with a pass that never ends": lambda alice, _bob: f"Bearer {signed(sub=alice, exp=None)}",
    "with a pass of someone impossible": lambda _alice, _bob: f"Bearer {signed(sub='9' * 20)}",
    "with a pass that ends at no time": lambda alice, _bob: f"Bearer {signed(sub=alice, exp=float('inf'))}",
    "with a pass that ends in a thousand years": lambda alice, _bob: f"Bearer {signed(sub=alice, exp=32503680000)}",
    "with a pass that asks for more": lambda alice, _bob: f"Bearer {signed(sub=alice, admin=True)}",
}


def cafe(keys: str) -> str:
    """Return a password with an é in it, typed with these keys."""
    return f"correct caf{E_ACUTE[keys]}"


@pytest.fixture
def people(client: httpx.AsyncClient, db_session: AsyncSession) -> People:
    """Those who have an account or want one."""
    return People(client, db_session)


@given(sentence("{name:Text} has an account"))
async def _(people: People, name: str) -> None:
    await people.have_account(name)


@given(sentence("{name:Text} is signed in"))
async def _(people: People, name: str) -> None:
    assert (await people.sign_in(name)).status_code == 200, f"{name} cannot sign in"


@given(sentence("the account of {name:Text} was deleted"))
async def _(people: People, db_session: AsyncSession, name: str) -> None:
    await db_session.delete(await people.account(name))
    await db_session.commit()


@given("passwords are hard to guess")
async def _(configured: Environment, people: People, db_session: AsyncSession) -> None:
    configured.setenv("PASSWORD_HASHING", "{}")
    for name in await people.names():
        (await people.account(name)).hashed_password = hash_password(PASSWORD)
    await db_session.commit()


@when(sentence("{name:Text} registers with the address {address:Text}"), target_fixture="answer")
async def _(people: People, name: str, address: str) -> httpx.Response:
    return await people.register(name, email=address)


@when(sentence("someone registers {how}"), target_fixture="answer")
async def _(client: httpx.AsyncClient, people: People, how: str) -> httpx.Response:
    if how == "that is no more than noise":
        return await client.post("/auth/register", content=b"{alice", headers={"Content-Type": "application/json"})
    if found := re.fullmatch(r"with a password of (\d+) (?:characters|é typed as (.+))", how):
        return await people.register("alice", password=E_ACUTE.get(found[2], "x") * int(found[1]))
    return await people.register("alice", **MISTAKES[how])


@when(sentence("{name:Text} signs in with {password}"), target_fixture="answer")
async def _(people: People, name: str, password: str) -> httpx.Response:
    return await people.sign_in(name, password)


@given(sentence("the password of {name:Text} has an é typed as {keys}"))
async def _(people: People, db_session: AsyncSession, name: str, keys: str) -> None:
    (await people.account(name)).hashed_password = hash_password(cafe(keys))
    await db_session.commit()


@when(sentence("{name:Text} enters the password, the é typed as {keys}"), target_fixture="answer")
async def _(client: httpx.AsyncClient, name: str, keys: str) -> httpx.Response:
    return await client.post("/auth/token", data={"username": name, "password": cafe(keys)})


@when(sentence("{name:Text} and {other:Text} sign in with a wrong password"), target_fixture="refusals")
async def _(people: People, name: str, other: str) -> dict[str, Any]:
    refusals: dict[str, Any] = {"words": set(), "seconds": {name: [], other: []}}
    for who in [name, other] * 3:
        start = time.process_time()
        answer = await people.sign_in(who, "a wrong password")
        refusals["seconds"][who].append(time.process_time() - start)
        refusals["words"].add((answer.status_code, answer.text, answer.headers["WWW-Authenticate"]))
    return refusals


@when(sentence("{name:Text} asks who they are"), target_fixture="answer")
async def _(people: People, name: str) -> httpx.Response:
    return await people.ask_as(name)


@when(sentence("someone asks who they are {how}"), target_fixture="answer")
async def _(people: People, how: str) -> httpx.Response:
    alice, bob = [str((await people.account(name)).id) for name in ("alice", "bob")]
    return await people.ask(FORGED[how](alice, bob))


@then("the registration is accepted")
async def _(people: People, answer: httpx.Response) -> None:
    accepted(answer)
    [name] = await people.names()
    account = await people.account(name)
    assert answer.json() == {"id": account.id, "username": name, "email": account.email}, "the answer says otherwise"
    assert (await people.sign_in(name)).status_code == 200, f"{name} cannot sign in"


@then(sentence("the registration is refused: {reason}"))
async def _(people: People, answer: httpx.Response, reason: str) -> None:
    refused(answer, reason)
    assert await people.names() == people.known, "there is an account all the same"


@then(sentence("{name:Text} has an account with the address {address:Text}"))
async def _(people: People, name: str, address: str) -> None:
    assert (await people.sign_in(name)).status_code == 200, f"{name} cannot sign in"
    account = (await people.ask_as(name)).json()
    assert (account["username"], account["email"]) == (name, address), f"the account is {account}"


@then(sentence("nobody can read the password of {name:Text}"))
async def _(people: People, answer: httpx.Response, name: str) -> None:
    accepted(answer)
    kept = (await people.account(name)).hashed_password
    assert kept.startswith("$argon2id$"), "the password is not kept as a hash"
    assert verify_password(PASSWORD, kept), "the hash is another password's"
    assert PASSWORD not in answer.text + kept, "the password is told"


@then(sentence("{name:Text} is signed in"))
async def _(people: People, answer: httpx.Response, name: str) -> None:
    assert answer.status_code == 200, f"the sign-in is refused: {answer.text}"
    assert answer.json()["token_type"] == "bearer", "the pass is of another kind"
    me = await people.ask(f"Bearer {answer.json()['access_token']}")
    assert me.json()["username"] == name, f"someone else is signed in: {me.text}"


@then("both are refused in the same words and in about the same time")
async def _(refusals: dict[str, Any]) -> None:
    [(status, *_words)] = refusals["words"]
    assert status == 401, "they are not refused"
    # The quickest of three says what the work costs: some fifty times less where no hash is computed, twice as much
    # where two are. What else the machine does is not counted.
    quickest, slowest = sorted(min(seconds) for seconds in refusals["seconds"].values())
    assert slowest < 1.6 * quickest, f"one is refused in {quickest:.3f} s, the other in {slowest:.3f} s"


@then(sentence("they are told that they are {name:Text}"))
async def _(people: People, answer: httpx.Response, name: str) -> None:
    account = await people.account(name)
    told = {"id": account.id, "username": name, "email": f"{name}@example.com"}
    assert (answer.status_code, answer.json()) == (200, told), f"they are told: {answer.text}"


@then("they are asked to sign in")
async def _(answer: httpx.Response) -> None:
    assert answer.status_code == 401, f"they are not: {answer.text}"
    assert answer.headers["WWW-Authenticate"] == "Bearer", "they are not told how"
