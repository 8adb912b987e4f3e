"""Registering, signing in, and who one is."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, status
from fastapi.concurrency import run_in_threadpool
from fastapi.security import OAuth2PasswordRequestForm
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.api.deps import CurrentUser, Database
from app.core.outgoing import send_welcome_mail
from app.core.security import create_access_token, hash_password, verify_password
from app.models.user import EMAIL_INDEX, USERNAME_INDEX, User
from app.schemas.error import NOT_SIGNED_IN, NOT_UNDERSTOOD, TAKEN, TOO_LARGE
from app.schemas.size import FEW_FIELDS
from app.schemas.user import Token, UserCreate, UserRead

router = APIRouter(tags=["accounts"])


@router.post(
    "/auth/register",
    status_code=status.HTTP_201_CREATED,
    response_model=UserRead,
    responses=TAKEN | TOO_LARGE | NOT_UNDERSTOOD,
)
async def register(db: Database, payload: Annotated[UserCreate, FEW_FIELDS], afterwards: BackgroundTasks) -> User:
    """Make an account."""
    user = User(
        username=payload.username,
        email=payload.email,
        hashed_password=await run_in_threadpool(hash_password, payload.password),
    )
    db.add(user)
    try:
        await db.commit()
    except IntegrityError as error:
        await db.rollback()
        raise HTTPException(status.HTTP_409_CONFLICT, _taken(error)) from error
    afterwards.add_task(send_welcome_mail, user.username, user.email)
    return user


def _taken(error: IntegrityError) -> str:
    """Say what is taken: the indices decide, so that of two who ask at once one gets it."""
    for index, message in ((USERNAME_INDEX, "Username is taken"), (EMAIL_INDEX, "Email is taken")):
        if f'"{index.name}"' in str(error.orig):
            return message
    raise error


@router.post("/auth/token", responses=NOT_SIGNED_IN | TOO_LARGE | NOT_UNDERSTOOD)
async def sign_in(db: Database, form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    """Give a token for a name and its password; an error does not say which of them is wrong."""
    # PostgreSQL takes no null character, and no account has one in its name.
    username = form.username.replace("\0", " ").lower()
    user = await db.scalar(select(User).where(func.lower(User.username) == username))
    if not await run_in_threadpool(verify_password, form.password, user.hashed_password if user else None) or not user:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED, "Incorrect username or password", headers={"WWW-Authenticate": "Bearer"}
        )
    return Token(access_token=create_access_token(user.id))


@router.get("/me", response_model=UserRead, responses=NOT_SIGNED_IN)
async def who_am_i(user: CurrentUser) -> User:
    """Show the account of whoever is signed in."""
    return user
