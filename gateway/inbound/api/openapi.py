"""The OpenAPI document is made from the same table as the routes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request

from gateway.inbound.api.incident_models import Problem
from gateway.inbound.api.requests import QueryParameter

REFUSALS = {
    "400": "The request is not as it is described here",
    "401": "No valid token",
    "404": "There is no such thing",
    "409": "It is understood, and the rules, the time or what is there do not allow it",
    "413": "The body is too large",
    "500": "A fault of the gateway",
    "503": "The store is away: try again",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API, with its query parameters by name."""

    method: str
    path: str
    handler: Callable[[Request], Awaitable[BaseModel]]
    answers: type[BaseModel]
    summary: str
    takes: type[BaseModel] | None = None
    query: Mapping[str, QueryParameter] = field(default_factory=dict)


def describe(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these operations."""
    shown = {operation.answers: "serialization" for operation in operations} | {Problem: "serialization"}
    taken = {operation.takes: "validation" for operation in operations if operation.takes}
    models: list[Any] = [*shown.items(), *taken.items()]
    references, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Alert gateway", "version": version},
        "security": [{"admin": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "admin": {"type": "http", "scheme": "bearer", "description": "GATEWAY_ADMIN_TOKEN"},
            },
        },
    }


def _operation(operation: Operation, references: Mapping[Any, Any]) -> dict[str, Any]:
    in_path = re.findall(r"\{(\w+)\}", operation.path)
    text = {"type": "string"}
    parameters: list[dict[str, Any]] = []
    parameters += [{"name": name, "in": "path", "required": True, "schema": text} for name in in_path]
    parameters += [
        {"name": name, "in": "query", "description": found.description, "schema": found.schema}
        for name, found in operation.query.items()
    ]
    problem = _content(references[Problem, "serialization"])
    described: dict[str, Any] = {
        "operationId": operation.handler.__name__.strip("_"),
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "Done", **_content(references[operation.answers, "serialization"])},
            **{status: {"description": meaning, **problem} for status, meaning in REFUSALS.items()},
        },
    }
    if operation.takes:
        described["requestBody"] = {"required": True, **_content(references[operation.takes, "validation"])}
    return described


def _content(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
