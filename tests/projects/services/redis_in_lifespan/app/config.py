from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_uri: str = "postgresql+asyncpg://links:links@postgres:5432/links"
    redis_url: str = "redis://redis:6379"
    requests_per_minute: int = 3


settings = Settings()
