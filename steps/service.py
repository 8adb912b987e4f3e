"""The service as whoever runs it sees it."""

from collections.abc import Iterator

import httpx
import pytest
from asgi_lifespan import LifespanManager
from pydantic import ValidationError
from pytest_bdd import then, when

from app.core.config import get_settings
from app.main import create_app
from steps import parsers
from steps.responses import assert_success

SHORT_SECRET = "0123456789abcdef0123456789abcde"
WRONG_SETTINGS: dict[str, tuple[str, str | None]] = {
    "without a secret": ("SECRET_KEY", None),
    "with a secret that is too short": ("SECRET_KEY", SHORT_SECRET),
    "with a mail server that has no name": ("SMTP_URL", f"smtp:{SHORT_SECRET}"),
}
SETTINGS = {"secret": "secret_key", "mail server": "smtp_url"}


class Environment:
    """The environment in which the service reads its settings, and reads them anew once one is changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def setenv(self, name: str, value: str | None) -> None:
        """Set a variable, or leave it unset."""
        if value is None:
            self._monkeypatch.delenv(name)
        else:
            self._monkeypatch.setenv(name, value)
        get_settings.cache_clear()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """The environment of the service, as it was before once the scenario ends."""
    yield Environment(monkeypatch)
    get_settings.cache_clear()


@when("I ask the service how it is doing", target_fixture="response")
async def ask_for_health(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/health")


@then("it says that it is well")
async def assert_healthy(response: httpx.Response) -> None:
    assert_success(response)
    assert response.json() == {"status": "ok"}, f"it says: {response.text}"


@when(parsers.parse("the service starts {setting}", setting=WRONG_SETTINGS), target_fixture="startup_error")
async def start_service(configured: Environment, setting: tuple[str, str | None]) -> str:
    configured.setenv(*setting)
    with pytest.raises(ValidationError) as startup_error:
        async with LifespanManager(create_app()):
            pass
    return str(startup_error.value)


@then(parsers.parse("it refuses to start because of the {setting}, and gives no secret away", setting=SETTINGS))
async def assert_not_started(startup_error: str, setting: str) -> None:
    assert setting in startup_error, "it does not say why"
    assert SHORT_SECRET not in startup_error, "it gives a secret away"
