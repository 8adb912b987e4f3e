"""The service as whoever runs it sees it."""

from collections.abc import Iterator

import httpx
import pytest
from asgi_lifespan import LifespanManager
from pydantic import ValidationError
from pytest_bdd import then, when

from app.core.config import get_settings
from app.main import create_app
from steps.answers import accepted
from steps.sentences import sentence

SHORT_SECRET = "0123456789abcdef0123456789abcde"
MISTAKES = {
    "with a secret that is too short": ("SECRET_KEY", SHORT_SECRET),
    "with a mail server that has no name": ("SMTP_URL", f"smtp:{SHORT_SECRET}"),
}


class Environment:
    """The environment in which the service reads its settings, and reads them anew once one is changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def setenv(self, name: str, value: str) -> None:
        """Set a variable."""
        self._monkeypatch.setenv(name, value)
        get_settings.cache_clear()

    def delenv(self, name: str) -> None:
        """Leave a variable unset."""
        self._monkeypatch.delenv(name)
        get_settings.cache_clear()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """The environment of the service, as it was before once the scenario ends."""
    yield Environment(monkeypatch)
    get_settings.cache_clear()


@when("I ask the service how it is", target_fixture="answer")
async def _(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/health")


@then("it says that it is well")
async def _(answer: httpx.Response) -> None:
    accepted(answer)
    assert answer.json() == {"status": "ok"}, f"it says: {answer.text}"


@when(sentence("the service starts {how}"), target_fixture="refusal")
async def _(configured: Environment, how: str) -> str:
    if how == "without a secret":
        configured.delenv("SECRET_KEY")
    else:
        configured.setenv(*MISTAKES[how])
    with pytest.raises(ValidationError) as refusal:
        async with LifespanManager(create_app()):
            pass
    return str(refusal.value)


@then(sentence("it refuses, naming the {what}, and tells no secret"))
async def _(refusal: str, what: str) -> None:
    assert {"secret": "secret_key", "mail server": "smtp_url"}[what] in refusal, "it does not say why"
    assert SHORT_SECRET not in refusal, "it tells the secret"
