"""The OpenAPI document, made from the same table as the routes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request

from gateway.inbound.api.incident_models import Problem
from gateway.inbound.api.requests import LONGEST_PAGE, PAGE

REFUSALS = {"400": "The request is not understood", "401": "No valid token", "404": "There is no such thing",
            "409": "It cannot be done now", "413": "The body is too large", "500": "A fault of the gateway",
            "503": "The store is away: try again"}  # fmt: skip
QUERY = {"limit": {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE}}


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of the API: `query` maps parameters to their descriptions."""

    method: str
    path: str
    handler: Callable[[Request], Awaitable[BaseModel]]
    answers: type[BaseModel]
    summary: str
    takes: type[BaseModel] | None = None
    query: Mapping[str, str] = field(default_factory=dict)


def describe(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of these operations."""
    shown = {one.answers: "serialization" for one in operations} | {Problem: "serialization"}
    taken = {one.takes: "validation" for one in operations if one.takes}
    models: list[Any] = [*shown.items(), *taken.items()]
    references, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Alert gateway", "version": version},
        "security": [{"admin": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"admin": {"type": "http", "scheme": "bearer", "description": "GATEWAY_ADMIN_TOKEN"}},
        },
    }


def _operation(one: Operation, references: Mapping[Any, Any]) -> dict[str, Any]:
    in_path = re.findall(r"\{(\w+)\}", one.path)
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path]
    parameters += [
        {"name": name, "in": "query", "description": text, "schema": QUERY.get(name, {"type": "string"})}
        for name, text in one.query.items()
    ]
    problem = _content(references[Problem, "serialization"])
    described: dict[str, Any] = {
        "operationId": one.handler.__name__.strip("_"),
        "summary": one.summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "Done", **_content(references[one.answers, "serialization"])},
            **{status: {"description": text, **problem} for status, text in REFUSALS.items()},
        },
    }
    if one.takes:
        described["requestBody"] = {"required": True, **_content(references[one.takes, "validation"])}
    return described


def _content(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
