import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError, jwt
from passlib.context import CryptContext

from app.database import DbSession
from app.models import Member

SECRET_KEY = "change-me"
ALGORITHM = "HS256"
pwd_context = CryptContext(schemes=["pbkdf2_sha256"], pbkdf2_sha256__rounds=1000)
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="/auth/token")


def create_access_token(member: Member) -> str:
    claims = {"sub": str(member.id), "exp": datetime.now(UTC) + timedelta(minutes=30)}
    return jwt.encode(claims, SECRET_KEY, algorithm=ALGORITHM)


async def get_current_member(token: Annotated[str, Depends(oauth2_scheme)], db: DbSession) -> Member:
    try:
        claims = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])
    except JWTError:
        raise HTTPException(401, "Could not validate credentials", {"WWW-Authenticate": "Bearer"}) from None
    return await db.get_one(Member, uuid.UUID(claims["sub"]))
