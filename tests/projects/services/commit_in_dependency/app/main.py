from fastapi import FastAPI

from app.routes import auth, books

app = FastAPI(title="Lending library")
app.include_router(auth)
app.include_router(books)


@app.get("/health", include_in_schema=False)
async def health():
    return {"status": "ok"}
