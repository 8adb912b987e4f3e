"""What leaves the service: the welcome mail, and the notification that a task is completed."""

import json
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any, NamedTuple

import aiosmtplib
import httpx
import pytest
import respx
from pytest_bdd import given, then

from steps import parsers
from steps.responses import assert_success
from steps.service import Environment
from steps.tasks import TaskList

SERVER = "postman:let%20ters@mail.example:465"
CREDENTIALS = {
    "hostname": "mail.example",
    "port": 465,
    "username": "postman",
    "password": "let ters",
    "timeout": 10,
}
LISTENER = "https://listener.example/hooks/tasks"


class Mail(NamedTuple):
    """How mail is set up, and whether the server can be reached."""

    url: str
    is_down: bool = False


class Listener(NamedTuple):
    """Where the notification goes, and what comes back."""

    url: str
    outcome: dict[str, Any]


MAIL = {
    "is up": Mail(f"smtps://{SERVER}"),
    "is sent unencrypted": Mail(f"smtp://{SERVER}"),
    "is not set up": Mail(""),
    "is down": Mail(f"smtps://{SERVER}", is_down=True),
}
LISTENERS = {
    "are listening": Listener(LISTENER, {"return_value": httpx.Response(204)}),
    "are not listening": Listener("", {"return_value": httpx.Response(204)}),
    "cannot be reached": Listener(LISTENER, {"side_effect": httpx.ConnectError("Connection refused")}),
    "cannot take the notification": Listener(LISTENER, {"return_value": httpx.Response(500)}),
    "do not answer": Listener(LISTENER, {"side_effect": httpx.ReadTimeout("timed out")}),
}
FAILURES = {
    "the mail was not sent": "The welcome mail to alice",
    "the notification was not delivered": "The notice that task",
}


class Outbox:
    """Stands where mail leaves the service."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.setup = MAIL["is not set up"]

    async def send(self, message: EmailMessage, **server: Any) -> None:
        """Take the mail, or fail as a mail server that is out of reach."""
        if self.setup.is_down or server != {**CREDENTIALS, "use_tls": self.setup.url.startswith("smtps:")}:
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


@given(parsers.parse("mail {mail}", mail=MAIL))
def set_up_mail(configured: Environment, outbox: Outbox, mail: Mail) -> None:
    outbox.setup = mail
    configured.setenv("SMTP_URL", mail.url)


@given(parsers.parse("others {others}", others=LISTENERS))
def set_up_listener(configured: Environment, listener: respx.Route, others: Listener) -> None:
    configured.setenv("WEBHOOK_URL", others.url)
    listener.mock(**others.outcome)


@then(parsers.parse('"{name}" is welcomed at "{address}"'))
async def assert_welcomed(outbox: Outbox, response: httpx.Response, name: str, address: str) -> None:
    assert_success(response)
    assert [mail["To"] for mail in outbox.mails] == [address], "it is not one mail to this address"
    assert name in outbox.mails[0].get_content(), "the mail does not name them"
    assert outbox.mails[0]["From"] == "tasks@example.com", "the mail does not say whom it is from"
    assert outbox.mails[0]["Subject"] == "Welcome", "the mail does not say what it is about"


@then("no mail is sent")
async def assert_no_mail(outbox: Outbox) -> None:
    assert outbox.mails == [], "mail is sent"


@then(parsers.parse('others hear that the task "{title}" is completed'))
async def assert_notified(listener: respx.Route, response: httpx.Response, tasks: TaskList, title: str) -> None:
    assert_success(response)
    notices = [json.loads(call.request.content) for call in listener.calls]
    assert notices == [{"event": "task.completed", "task": await tasks.task(title)}], "others hear something else"


@then("others hear nothing")
async def assert_not_notified(listener: respx.Route, response: httpx.Response) -> None:
    assert_success(response)
    assert not listener.called, "others hear about it"


@then(parsers.parse("it is on record that {failure}", failure=FAILURES))
async def assert_failure_logged(caplog: pytest.LogCaptureFixture, failure: str) -> None:
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [message.startswith(failure) for message in warnings] == [True], f"on record is: {warnings}"
