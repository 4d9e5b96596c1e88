"""`fastapi run` or `uvicorn app.asgi:app`. The only module that reads settings at import."""

from app.main import create_app

app = create_app()
