"""The settings, from the environment and from a file `.env`."""

from functools import lru_cache
from typing import Annotated

from pydantic import AnyUrl, BeforeValidator, EmailStr, Field, HttpUrl, UrlConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict


def _none_if_empty(value: object) -> object:
    return value or None


_Unset = BeforeValidator(_none_if_empty)
SmtpUrl = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["smtp", "smtps"], host_required=True)]


class Settings(BaseSettings):
    """The settings; each is read from the environment variable of its name.

    Raises ValidationError, naming the variable, where one is missing or invalid.
    """

    # A key that is invalid is not repeated in the error at start-up.
    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)

    database_url: str = "postgresql+asyncpg://localhost/tasks"
    # There is no default: whoever knows it can sign in as anyone. HS256 wants 32 bytes (RFC 7518, 3.2).
    secret_key: str = Field(min_length=32)
    access_token_minutes: int = 30

    # What differs from passlib's own cost, which is that of RFC 9106 where memory is scarce.
    password_hashing: dict[str, int] = {}

    smtp_url: Annotated[SmtpUrl | None, _Unset] = None
    mail_from: EmailStr = "tasks@example.com"
    webhook_url: Annotated[HttpUrl | None, _Unset] = None


@lru_cache
def get_settings() -> Settings:
    """Return the settings, read once."""
    return Settings()  # type: ignore[call-arg]  # what is missing here comes from the environment
