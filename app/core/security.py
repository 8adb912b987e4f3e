"""Passwords and access tokens."""

from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any

from jose import JWTError, jwt
from passlib.context import CryptContext
from pydantic import Field, TypeAdapter

from app.core.clock import now
from app.core.config import get_settings
from app.core.database import LARGEST_ID

ALGORITHM = "HS256"
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128
_ID = TypeAdapter(Annotated[int, Field(le=LARGEST_ID)])


def hash_password(password: str) -> str:
    """Return the hash under which a password is kept."""
    hashed: str = _passwords().hash(password)
    return hashed


def verify_password(password: str, hashed_password: str | None) -> bool:
    """Tell whether the password is the one that was hashed; where there is no hash, take as long to say no."""
    if len(password) > LONGEST_PASSWORD:
        return False
    return _passwords().verify(password, hashed_password)


def create_access_token(user_id: int) -> str:
    """Return a token that proves for a while to be this account's."""
    expires = now() + timedelta(minutes=get_settings().access_token_minutes)
    return jwt.encode({"sub": str(user_id), "exp": expires}, get_settings().secret_key, algorithm=ALGORITHM)


def read_access_token(token: str) -> int | None:
    """Return the id of the account whose valid token this is, or None."""
    try:
        claims = jwt.decode(
            token, get_settings().secret_key, algorithms=[ALGORITHM], options={"require_exp": True, "require_sub": True}
        )
        return _ID.validate_python(claims["sub"])
    # A header of brackets within brackets exhausts the JSON decoder before its signature is looked at.
    except (JWTError, ValueError, RecursionError):
        return None


def _passwords() -> CryptContext:
    return _context(**get_settings().password_hashing)


# Kept, since a context makes the hash that an unknown name is tried against at the first such try.
@lru_cache
def _context(**costs: Any) -> CryptContext:
    return CryptContext(schemes=["argon2"], **costs)
