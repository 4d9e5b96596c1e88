"""`fastapi run` or `uvicorn app.asgi:app`. The only module that reads settings at import."""

import gc

from app.main import create_app

app = create_app()

# All that stands by now stays as long as the process does. The collector need not go through it
# again and again: that was some 7 % of a request's CPU.
gc.collect()
gc.freeze()
