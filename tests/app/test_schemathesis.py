"""Requests that nobody thought of, which schemathesis makes from the app's own OpenAPI document."""

import asyncio
from typing import Any

import httpx
import pytest_asyncio
import requests
import schemathesis
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import LARGEST_ID, SMALLEST_ID
from app.main import app
from app.models import Task

# Loaded here, and kept from every other run by the configuration, since it takes a second.
pytest_plugins = ["schemathesis.pytest.plugin"]

schema = schemathesis.openapi.from_dict(
    app.openapi(),
    config=schemathesis.Config.from_dict(
        {
            "seed": 1,
            "generation": {"deterministic": True, "max-examples": 50},
            # The cases of one operation share a client, and so what earlier ones left behind.
            "suppress-health-check": ["all"],
            # The document says nothing of methods that it does not have.
            "phases": {"coverage": {"unexpected-methods": []}},
            # A title that shows nothing is refused, and no schema can say which ones do.
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    ),
)


@pytest_asyncio.fixture
async def tasks(db_session: AsyncSession) -> None:
    """Tasks of the numbers that are likely to be asked for."""
    db_session.add_all(Task(id=number, title="Buy milk") for number in (SMALLEST_ID, 0, LARGEST_ID))
    await db_session.commit()


@schema.parametrize()
def test_no_request_meets_an_error_or_a_violation_of_the_contract(
    case: schemathesis.Case[Any], tasks: None, auth_client: httpx.AsyncClient, session_loop: asyncio.AbstractEventLoop
) -> None:
    # Prepared as schemathesis sends it, but sent on the loop to which the database connection is bound.
    sent = requests.Request(**case.as_transport_kwargs(base_url="http://test")).prepare()
    assert sent.method is not None
    assert sent.url is not None
    answer = session_loop.run_until_complete(
        auth_client.request(sent.method, sent.url, headers=sent.headers, content=sent.body)
    )
    case.validate_response(answer)
