"""Passwords and access tokens."""

import unicodedata
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any

from jose import JWSError, jws, jwt
from passlib.context import CryptContext
from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic_core import from_json

from app.core.clock import now
from app.core.config import get_settings
from app.core.database import LARGEST_ID

ALGORITHM = "HS256"
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128
# Whoever changes the setting signs nobody out; a token that goes on for longer was never one of ours.
LONGEST_SESSION = timedelta(days=1)


class _Claims(BaseModel):
    """What a token says."""

    model_config = ConfigDict(strict=True, extra="forbid")

    sub: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,9}$")]
    exp: int


def normalized(password: str) -> str:
    """Return the password in the Unicode form NFC, in which passwords are compared: an `é` is an `é`, however typed.

    A text that is too long in any form stays as it is: no character has more than four in another, and to normalise
    accents without end takes time that grows with their square.
    """
    return password if len(password) > 4 * LONGEST_PASSWORD else unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """Return the hash under which a password is kept."""
    hashed: str = _passwords().hash(normalized(password))
    return hashed


def verify_password(password: str, hashed_password: str | None) -> bool:
    """Tell whether the password is the one that was hashed; where there is no hash, take as long to say no."""
    password = normalized(password)
    if len(password) > LONGEST_PASSWORD:
        return False
    return _passwords().verify(password, hashed_password)


def create_access_token(user_id: int) -> str:
    """Return a token that proves for a while to be this account's."""
    return _written({"sub": str(user_id), "exp": int((now() + _lifetime()).timestamp())})


def _written(claims: dict[str, str | int]) -> str:
    return jwt.encode(claims, get_settings().secret_key, algorithm=ALGORITHM)


def _lifetime() -> timedelta:
    return timedelta(minutes=get_settings().access_token_minutes)


def read_access_token(token: str) -> int | None:
    """Return the id of the account whose valid token this is, or None for all but those that this service writes."""
    try:
        claims = from_json(jws.verify(token, get_settings().secret_key, [ALGORITHM]))
        found = _Claims.model_validate(claims)
    # A header of brackets within brackets exhausts the JSON decoder before its signature is looked at.
    except (JWSError, ValueError, RecursionError):
        return None
    user_id, seconds = int(found.sub), now().timestamp()
    if not int(seconds) <= found.exp <= seconds + max(_lifetime(), LONGEST_SESSION).total_seconds():
        return None
    # Nothing else is in it, be it in its header, said twice, or put otherwise.
    return user_id if user_id <= LARGEST_ID and token == _written(claims) else None


def _passwords() -> CryptContext:
    return _context(**get_settings().password_hashing)


# Kept, since a context makes the hash that an unknown name is tried against at the first such try.
@lru_cache
def _context(**costs: Any) -> CryptContext:
    return CryptContext(schemes=["argon2"], **costs)
