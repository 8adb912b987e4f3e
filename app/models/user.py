"""Accounts."""

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class User(Base):
    """Someone's account. Neither name nor address may be another's, however it is written."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    email: Mapped[str]
    hashed_password: Mapped[str]


USERNAME_INDEX = Index("users_username", func.lower(User.username), unique=True)
EMAIL_INDEX = Index("users_email", func.lower(User.email), unique=True)
