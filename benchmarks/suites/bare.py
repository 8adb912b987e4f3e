"""The requests of the ten behaviours without pytest and without HTTP client: the floor of what a scenario can cost.

DATABASE_URL=... python -m benchmarks.suites.bare SCENARIOS
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

from dotenv import load_dotenv
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

load_dotenv(Path(__file__).parents[2] / ".env.test", override=True)

from app.api.deps import get_db
from app.core.database import Base
from app.core.security import create_access_token, hash_password
from app.main import app
from app.models.user import User

Request = tuple[str, str, dict[str, Any] | None]
"""Method, path with `{id}` for the task's, body."""

CREATE: Request = ("POST", "/tasks/", {"title": "Buy milk"})
READ: Request = ("GET", "/tasks/{id}", None)
BEHAVIOURS: list[list[Request]] = [
    [("GET", "/health", None)],
    [CREATE],
    [CREATE, ("GET", "/tasks/", None)],
    [CREATE, READ],
    [("GET", "/tasks/2147483647", None)],
    [CREATE, ("PATCH", "/tasks/{id}", {"completed": True}), READ],
    [CREATE, ("DELETE", "/tasks/{id}", None), READ],
    [("POST", "/tasks/", {"title": "x" * 200})],
    [("POST", "/tasks/", {"title": "x" * 201})],
    [("GET", "/me", None)],
]


async def call_app(method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> tuple[int, Any]:
    """Call the app as a server would; return the status, and what the body says."""
    sent = b"" if body is None else json.dumps(body).encode()
    messages: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    all_headers = {"host": "test", "content-type": "application/json", "content-length": str(len(sent))} | headers
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in all_headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    await app(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in messages[1:])
    return messages[0]["status"], json.loads(text) if text else None


async def scenario(engine: AsyncEngine, number: int) -> None:
    """Do what one scenario does, in a transaction that is rolled back."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        async with AsyncSession(
            bind=connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        ) as session:

            async def override_get_db() -> AsyncIterator[AsyncSession]:
                yield session

            app.dependency_overrides[get_db] = override_get_db
            headers = await sign_in(session) if number % len(BEHAVIOURS) == len(BEHAVIOURS) - 1 else {}
            task = None
            for method, path, body in BEHAVIOURS[number % len(BEHAVIOURS)]:
                status, content = await call_app(method, path.format(id=task), body, headers)
                if method == "POST" and status == 201:
                    task = content["id"]
        await transaction.rollback()


async def sign_in(session: AsyncSession) -> dict[str, str]:
    """Make an account; return what proves to be its owner."""
    hashed = hash_password("testpassword123")
    user = User(username="testuser", email="test@example.com", hashed_password=hashed)
    session.add(user)
    await session.commit()
    return {"authorization": f"Bearer {create_access_token(user.id)}"}


async def main(scenarios: int) -> None:
    """Run so many scenarios."""
    engine = create_async_engine(os.environ["DATABASE_URL"])
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    for number in range(scenarios):
        await scenario(engine, number)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()
    print(f"{scenarios} scenarios passed")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
