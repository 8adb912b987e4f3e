"""What operations depend on: a database session, and whoever is signed in."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, HTTPException, status
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import get_session_factory
from app.core.security import read_access_token
from app.models.user import User


async def get_db() -> AsyncIterator[AsyncSession]:
    """Give the request a session of its own; what it does not commit is gone when it ends."""
    async with get_session_factory()() as session:
        yield session


Database = Annotated[AsyncSession, Depends(get_db)]
BearerToken = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="/auth/token"))]


async def get_current_user(db: Database, token: BearerToken) -> User:
    """Return the account whose token came with the request."""
    user_id = read_access_token(token)
    user = None if user_id is None else await db.get(User, user_id)
    if user is None:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED, "Could not validate credentials", headers={"WWW-Authenticate": "Bearer"}
        )
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
