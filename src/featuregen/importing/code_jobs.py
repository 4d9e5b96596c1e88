"""`<feature>_jobs.py`: the work that an endpoint hands to a worker (`async: true`)."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.importing.python_values import name

if TYPE_CHECKING:
    from featuregen.importing.sources import Module, Sources

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker does, and which method of which service that is."""

    module: Module
    work: Function
    service_class: str
    method: str


def job_of(endpoint: Function, sources: Sources) -> Job | None:
    """The job that an endpoint puts into the queue; None where it does its work itself."""
    for node in ast.walk(endpoint):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="queue"), attr="put"),
                args=[_, ast.Attribute(value=ast.Name(id=stem), attr=called), *_],
            ):
                module = next((one for one in sources.every if one.path.stem == stem), None)
                return _job(module, called) if module is not None else None
    return None


def _job(module: Module, called: str) -> Job | None:
    functions = {one.name: one for one in module.tree.body if isinstance(one, Function)}
    work, building = functions.get(f"_{called}"), functions.get("_service")
    for node in ast.walk(work) if work is not None else ():
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id=service)), attr=method)
            ) if work is not None:
                if service == "_service":  # of several jobs, which a function builds it for
                    service = name(building.returns) if building is not None else ""
                return Job(module, work, service, method)
    return None
