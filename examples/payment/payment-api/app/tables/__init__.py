"""SQLAlchemy tables, one module for each feature that stores something."""

import pkgutil
from importlib import import_module

from sqlalchemy import MetaData

from app.db.base import Base


def all_tables() -> MetaData:
    """Import the tables of every feature, and return what knows them all."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return Base.metadata
