"""What leaves the service: the welcome mail, and the notice that a task is completed."""

import json
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import httpx
import pytest
import respx
from pytest_bdd import given, then

from steps.answers import accepted
from steps.sentences import sentence
from steps.service import Environment
from steps.tasks import TaskList

ENCRYPTING, PLAIN = "smtps://postman:let%20ters@mail.example:465", "smtp://postman:let%20ters@mail.example:465"
HOW_TO_REACH_IT = {
    "hostname": "mail.example",
    "port": 465,
    "username": "postman",
    "password": "let ters",
    "timeout": 10,
}
LISTENER = "https://listener.example/hooks/tasks"
LISTENING: dict[str, dict[str, Any]] = {
    "listen": {"return_value": httpx.Response(204)},
    "do not listen": {"return_value": httpx.Response(204)},
    "are out of reach": {"side_effect": httpx.ConnectError("Connection refused")},
    "are out of order": {"return_value": httpx.Response(500)},
    "do not answer": {"side_effect": httpx.ReadTimeout("timed out")},
}


class Outbox:
    """Stands where mail leaves the service."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.down = False
        self.encrypts = True

    async def send(self, message: EmailMessage, **server: Any) -> None:
        """Take the mail, or fail as a mail server that is out of reach."""
        if self.down or server != {**HOW_TO_REACH_IT, "use_tls": self.encrypts}:
            raise aiosmtplib.SMTPConnectError("Connection refused")
        self.mails.append(message)


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """All mail that is sent."""
    outbox = Outbox()
    monkeypatch.setattr(aiosmtplib, "send", outbox.send)
    return outbox


@pytest.fixture
def listener() -> Iterator[respx.Route]:
    """Others, who listen; no request leaves this machine."""
    with respx.mock(assert_all_called=False) as outside:
        yield outside.post(LISTENER).respond(204)


@given(sentence("mail {state}"))
def _(configured: Environment, outbox: Outbox, state: str) -> None:
    outbox.down = state == "is down"
    outbox.encrypts = state != "goes out in the open"
    url = ENCRYPTING if outbox.encrypts else PLAIN
    configured.setenv("SMTP_URL", "" if state == "is not set up" else url)


@given(sentence("others {state}"))
def _(configured: Environment, listener: respx.Route, state: str) -> None:
    configured.setenv("WEBHOOK_URL", "" if state == "do not listen" else LISTENER)
    listener.mock(**LISTENING[state])


@then(sentence("{name:Text} is welcomed at {address:Text}"))
async def _(outbox: Outbox, answer: httpx.Response, name: str, address: str) -> None:
    accepted(answer)
    assert [mail["To"] for mail in outbox.mails] == [address], "not one mail is sent, or to someone else"
    assert name in outbox.mails[0].get_content(), "the mail does not say the name"
    assert outbox.mails[0]["From"] == "tasks@example.com", "the mail does not say whom it is from"
    assert outbox.mails[0]["Subject"] == "Welcome", "the mail does not say what it is about"


@then("no mail is sent")
async def _(outbox: Outbox) -> None:
    assert outbox.mails == [], "mail is sent"


@then(sentence("others hear that the task {title:Text} is completed"))
async def _(listener: respx.Route, answer: httpx.Response, tasks: TaskList, title: str) -> None:
    accepted(answer)
    heard = [json.loads(call.request.content) for call in listener.calls]
    assert heard == [{"event": "task.completed", "task": await tasks.task(title)}], "others hear something else"


@then("others hear nothing")
async def _(listener: respx.Route, answer: httpx.Response) -> None:
    accepted(answer)
    assert not listener.called, "others hear of it"


@then(sentence("the outage of the {what} is on record"))
async def _(caplog: pytest.LogCaptureFixture, what: str) -> None:
    outages = {"mail": "The welcome mail to alice", "notice": "The notice that task"}
    recorded = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [message.startswith(outages[what]) for message in recorded] == [True], f"on record is: {recorded}"
