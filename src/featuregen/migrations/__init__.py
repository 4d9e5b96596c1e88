"""Alembic revisions out of specs: what has changed, whether it loses data, and the code for it."""
