"""Accounts: registering, and who has one."""

import json

import httpx
import pytest
from pytest_bdd import given, then, when
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.security import hash_password, verify_password
from app.models.user import User
from steps import parsers
from steps.responses import REASONS, Reason, assert_refused, assert_success

PASSWORD = "correct horse"
E_ACUTE = {"one letter": "\u00e9", "an e and an accent": "e\u0301", "an e without an accent": "e"}
REGISTRATIONS: dict[str, dict[str, object]] = {
    "without a name": {"username": None},
    "without an address": {"email": None},
    "without a password": {"password": None},
    "with an unknown field": {"is_admin": True},
    "with far too many fields": {f"colour {number}": "blue" for number in range(1_000)},
    "with a password as long as a book": {"password": "x" * 1_000_000},
    "with a number as the password": {"password": 1234567890},
    "with a character in the password that cannot be stored": {"password": "correct\0horse"},
    "with half an emoji in the password": {"password": "correct \ud83d horse"},
}


class People:
    """Those who have an account or want one, by their names."""

    def __init__(self, client: httpx.AsyncClient, session: AsyncSession) -> None:
        self._client = client
        self._session = session
        self._passwords: dict[str, object] = {}
        self._tokens: dict[str, str] = {}
        self.known: list[str] = []

    async def have_account(self, name: str) -> None:
        """Put an account into the database, without a mail or a request."""
        self.known.append(name)
        self._session.add(User(username=name, email=f"{name}@example.com", hashed_password=hash_password(PASSWORD)))
        await self._session.commit()

    async def account(self, name: str) -> User:
        """Return the account as the database has it."""
        account = await self._session.scalar(select(User).where(User.username == name))
        assert account is not None, f'"{name}" has no account'
        return account

    async def names(self) -> list[str]:
        """Return the names of all who have an account."""
        return list(await self._session.scalars(select(User.username).order_by(User.id)))

    async def register(self, name: str, **details: object) -> httpx.Response:
        """Ask for an account; a detail that is None is left out."""
        payload = {"username": name, "email": f"{name}@example.com", "password": PASSWORD} | details
        self._passwords[name] = payload["password"]
        content = json.dumps({field: value for field, value in payload.items() if value is not None}).encode()
        return await register_with(self._client, content)

    async def sign_in(self, name: str, **details: object) -> httpx.Response:
        """Ask for a token with the name and its password, or other details, and remember it; None is left out."""
        form = {"username": name, "password": self._passwords.get(name, PASSWORD)} | details
        data = {field: value for field, value in form.items() if value is not None}
        response = await self._client.post("/auth/token", data=data)
        if response.status_code == 200:
            self._tokens[name] = response.json()["access_token"]
        return response

    async def ask(self, authorization: str | None) -> httpx.Response:
        """Ask who one is."""
        headers = {} if authorization is None else {"Authorization": authorization}
        return await self._client.get("/me", headers=headers)

    async def ask_as(self, name: str) -> httpx.Response:
        """Ask who one is, with the token that this person was given."""
        assert name in self._tokens, f'"{name}" is not signed in'
        return await self.ask(f"Bearer {self._tokens[name]}")


def assert_signed_in(response: httpx.Response) -> None:
    """Assert that a token is given."""
    assert response.status_code == 200, f"the sign-in is refused: {response.text}"


async def register_with(client: httpx.AsyncClient, content: bytes) -> httpx.Response:
    """Ask for an account with a body that says that it is JSON, whatever it is."""
    return await client.post("/auth/register", content=content, headers={"Content-Type": "application/json"})


@pytest.fixture
def people(client: httpx.AsyncClient, db_session: AsyncSession) -> People:
    """Those who have an account or want one."""
    return People(client, db_session)


@given(parsers.parse('"{name}" has an account'))
async def have_account(people: People, name: str) -> None:
    await people.have_account(name)


@given(parsers.parse('the account of "{name}" was deleted'))
async def delete_account(people: People, db_session: AsyncSession, name: str) -> None:
    await db_session.delete(await people.account(name))
    await db_session.commit()


@when(parsers.parse('"{name}" registers with the address "{address}"'), target_fixture="response")
async def register(people: People, name: str, address: str) -> httpx.Response:
    return await people.register(name, email=address)


@when(parsers.parse("someone registers {details}", details=REGISTRATIONS), target_fixture="response")
async def register_with_details(people: People, details: dict[str, object]) -> httpx.Response:
    return await people.register("alice", **details)


@when("someone registers with gibberish", target_fixture="response")
async def register_with_gibberish(client: httpx.AsyncClient) -> httpx.Response:
    return await register_with(client, b"{alice")


@when(parsers.parse("someone registers with a password of {length:d} characters"), target_fixture="response")
async def register_with_password_of_length(people: People, length: int) -> httpx.Response:
    return await people.register("alice", password="x" * length)


@when(
    parsers.parse(
        "someone registers with a password of {length:d} characters, each an é typed as {e_acute}", e_acute=E_ACUTE
    ),
    target_fixture="response",
)
async def register_with_accents(people: People, length: int, e_acute: str) -> httpx.Response:
    return await people.register("alice", password=e_acute * length)


@then("the registration is accepted")
async def assert_registered(people: People, response: httpx.Response) -> None:
    assert_success(response)
    [name] = await people.names()
    account = await people.account(name)
    expected = {"id": account.id, "username": name, "email": account.email}
    assert response.json() == expected, "the response shows another account"
    assert_signed_in(await people.sign_in(name))


@then(parsers.parse("the registration is refused: {reason}", reason=REASONS))
async def assert_registration_refused(people: People, response: httpx.Response, reason: Reason) -> None:
    assert_refused(response, reason)
    assert await people.names() == people.known, "there is an account nevertheless"


@then(parsers.parse('"{name}" has an account with the address "{address}"'))
async def assert_account(people: People, name: str, address: str) -> None:
    assert_signed_in(await people.sign_in(name))
    account = (await people.ask_as(name)).json()
    assert (account["username"], account["email"]) == (name, address), f"the account is {account}"


@then(parsers.parse('nobody can read the password of "{name}"'))
async def assert_password_hashed(people: People, response: httpx.Response, name: str) -> None:
    assert_success(response)
    stored = (await people.account(name)).hashed_password
    assert stored.startswith("$argon2id$"), "the password is not stored as a hash"
    assert verify_password(PASSWORD, stored), "the hash is that of another password"
    assert PASSWORD not in response.text + stored, "the password can be read"
