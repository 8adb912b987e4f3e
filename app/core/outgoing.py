"""What leaves the service: the welcome mail, and the notice that a task is completed. Neither may fail a request."""

import logging
import ssl
from email.message import EmailMessage
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import aiosmtplib
import httpx

from app.core.config import get_settings

logger = logging.getLogger(__name__)

SECONDS = 10


async def send_welcome_mail(username: str, email: str) -> None:
    """Welcome a new account, where mail is set up; a failure is logged."""
    settings = get_settings()
    if settings.smtp_url is None:
        return
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = email
    message["Subject"] = "Welcome"
    message.set_content(f"Welcome, {username}! Your account is ready.")
    try:
        await aiosmtplib.send(
            message,
            hostname=settings.smtp_url.host,
            port=settings.smtp_url.port,
            username=unquote(settings.smtp_url.username or "") or None,
            password=unquote(settings.smtp_url.password or "") or None,
            use_tls=settings.smtp_url.scheme == "smtps",
            timeout=SECONDS,
        )
    except (aiosmtplib.SMTPException, OSError) as error:
        logger.warning("The welcome mail to %s is not sent: %r", username, error)


async def post_completed_notice(task: dict[str, Any]) -> None:
    """Tell the listener of a completed task, where there is one; a failure is logged."""
    url = get_settings().webhook_url
    if url is None:
        return
    try:
        async with httpx.AsyncClient(verify=_tls(), timeout=SECONDS) as client:
            (await client.post(str(url), json={"event": "task.completed", "task": task})).raise_for_status()
    except httpx.HTTPError as error:
        logger.warning("The notice that task %s is completed is not delivered: %r", task["id"], error)


@lru_cache
def _tls() -> ssl.SSLContext:
    # Reading the certificates takes some 20 ms; a client would do so each time it is made.
    return httpx.create_ssl_context()
