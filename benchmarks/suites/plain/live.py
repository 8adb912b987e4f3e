"""The tutorial's fixtures, but that the app is served by uvicorn, over HTTP, on this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio
import uvicorn
from dotenv import load_dotenv
from sqlalchemy.ext.asyncio import AsyncSession

load_dotenv(Path(__file__).parents[2] / ".env.test", override=True)

from app.api.deps import get_db
from app.main import app
from benchmarks.tutorial.conftest import auth_client, db_session, setup_db, test_user

__all__ = ["auth_client", "db_session", "setup_db", "test_user"]


@pytest_asyncio.fixture(scope="session")
async def address() -> AsyncIterator[str]:
    """Where the app is served, on the event loop of the tests, so that it can be given the test's session."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        served = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await served


@pytest_asyncio.fixture
async def client(db_session: AsyncSession, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app, which is given the test's own session."""

    async def override_get_db() -> AsyncIterator[AsyncSession]:
        yield db_session

    app.dependency_overrides[get_db] = override_get_db
    # Else each client would read the certificates of this machine, which takes longer than a test.
    async with httpx.AsyncClient(base_url=address, verify=False) as client:
        yield client
    app.dependency_overrides.clear()
