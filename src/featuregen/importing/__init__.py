"""Ways to a first spec from what exists already: an OpenAPI document, FastAPI code.

    imported = import_openapi(Path("openapi.yaml"), tag="pets")
    imported = import_code([Path("app/api/endpoints/pets.py"), Path("app/models/pets.py")])

Each gives the text of a spec that holds, and `notes`: what could not be carried over.
"""

from __future__ import annotations

from featuregen.importing.code import import_code
from featuregen.importing.imported import Imported, Note
from featuregen.importing.openapi import import_openapi

__all__ = ["Imported", "Note", "import_code", "import_openapi"]
