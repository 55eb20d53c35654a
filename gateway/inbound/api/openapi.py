"""The OpenAPI document is made from the same table as the routes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from gateway.inbound.api.incident_models import Problem
from gateway.inbound.api.requests import QueryParameter
from gateway.model.people import Role

REFUSALS = {
    "400": "The request is not as it is described here",
    "401": "No valid token",
    "403": "The host or the origin is none of the gateway's, or the token's role does not allow it",
    "404": "There is no such thing",
    "409": "It is understood, and the rules, the time, what is there or whose token it is do not allow it",
    "413": "The body is too large",
    "415": "The body is no JSON",
    "500": "A fault of the gateway",
    "503": "The store is away: try again",
}

LINES = "application/x-ndjson"
TEXT = {"type": "string"}
# What stands in a path, where its name does not say all.
PATH = {
    "incident": {"description": "an incident's id; its first characters are enough where no other begins so"},
    "silence": {"description": "a silence's id; its first characters are enough where no other begins so"},
}

Handler = Callable[[Request], Awaitable[BaseModel | Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API, with its query parameters by name.

    `written` are types in which its answer is given too, as a text. With `lines` it is many, a line of JSON
    each.
    """

    method: str
    path: str
    handler: Handler
    answers: type[BaseModel]
    summary: str
    takes: type[BaseModel] | None = None
    query: Mapping[str, QueryParameter] = field(default_factory=dict)
    role: Role | None = None
    written: tuple[str, ...] = ()
    lines: bool = False

    @property
    def needs(self) -> Role:
        """The role that it takes: to look, or to act, unless it says otherwise."""
        return self.role or (Role.SEE if self.method == "GET" else Role.ACT)


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
                "admin": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "GATEWAY_ADMIN_TOKEN, or a person's token",
                },
            },
        },
    }


def _operation(operation: Operation, references: Mapping[Any, Any]) -> dict[str, Any]:
    in_path = re.findall(r"\{(\w+)\}", operation.path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, **PATH.get(name, {}), "schema": TEXT}
        for name in in_path
    ]
    parameters += [
        {"name": name, "in": "query", "description": found.description, "schema": found.schema}
        for name, found in operation.query.items()
    ]
    problem = _content(references[Problem, "serialization"])
    described: dict[str, Any] = {
        "operationId": operation.handler.__name__.strip("_"),
        "summary": operation.summary,
        "description": f"It takes the role `{operation.needs}`.",
        "parameters": parameters,
        "responses": {
            "200": {"description": "Done", **_answers(operation, references)},
            **{status: {"description": meaning, **problem} for status, meaning in REFUSALS.items()},
        },
    }
    if operation.takes:
        described["requestBody"] = {"required": True, **_content(references[operation.takes, "validation"])}
    return described


def _answers(operation: Operation, references: Mapping[Any, Any]) -> dict[str, Any]:
    shown = {"schema": references[operation.answers, "serialization"]}
    if operation.lines:
        return {"content": {LINES: shown}}
    return {"content": {"application/json": shown, **{kind: {"schema": TEXT} for kind in operation.written}}}


def _content(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
