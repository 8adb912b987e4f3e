import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, status
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel, EmailStr, Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.database import DbSession
from app.models import Book, Member
from app.security import create_access_token, get_current_member, pwd_context

auth = APIRouter(prefix="/auth", tags=["auth"])
books = APIRouter(prefix="/books", tags=["books"])


class MemberCreate(BaseModel):
    email: EmailStr
    password: str = Field(min_length=8)


class BookCreate(BaseModel):
    isbn: str = Field(pattern=r"^\d{13}$")
    title: str


class BookRead(BookCreate):
    id: uuid.UUID
    borrower_id: uuid.UUID | None


@auth.post("/register", status_code=status.HTTP_201_CREATED)
async def register(data: MemberCreate, db: DbSession):
    member = Member(email=data.email, hashed_password=pwd_context.hash(data.password))
    db.add(member)
    try:
        await db.flush()
    except IntegrityError:
        raise HTTPException(status.HTTP_409_CONFLICT, "Email already registered") from None
    return {"id": member.id}


@auth.post("/token")
async def login(form: Annotated[OAuth2PasswordRequestForm, Depends()], db: DbSession):
    member = await db.scalar(select(Member).where(Member.email == form.username))
    if member is None or not pwd_context.verify(form.password, member.hashed_password):
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Incorrect username or password")
    return {"access_token": create_access_token(member), "token_type": "bearer"}


@books.get("/", response_model=list[BookRead])
async def list_books(db: DbSession):
    return (await db.scalars(select(Book).order_by(Book.title))).all()


@books.post("/", response_model=BookRead, status_code=status.HTTP_201_CREATED)
async def add_book(data: BookCreate, db: DbSession):
    book = Book(**data.model_dump())
    db.add(book)
    await db.flush()
    return book


@books.post("/{book_id}/loan", response_model=BookRead)
async def borrow(book_id: uuid.UUID, db: DbSession, member: Annotated[Member, Depends(get_current_member)]):
    book = await db.get(Book, book_id, with_for_update=True)
    if book is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Book not found")
    if book.borrower_id is not None:
        raise HTTPException(status.HTTP_409_CONFLICT, "Book is out on loan")
    book.borrower_id = member.id
    return book
