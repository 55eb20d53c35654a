"""Every HTTP status that a handler of `gateway/inbound` returns, found where it makes its answers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus

from tests.monitored.source import modules

MAKERS = {
    "Refusal",
    "WebhookResponse",
    "PlainTextResponse",
    "JSONResponse",
    "Response",
    "HTMLResponse",
    "answer",
}
MAY_NAME_NONE = MAKERS - {"Refusal", "WebhookResponse"}
OK = HTTPStatus.OK.value  # of a response that names no status
# The answer of a webhook has its status in a constant of this module, whoever returns it.
OF_WEBHOOKS = (
    "inbound/webhooks/alertmanager.py",
    "inbound/webhooks/readers.py",
    "inbound/webhooks/responses.py",
)
FACES = {
    "inbound/api/": "API",
    "inbound/browsers.py": "API",
    "inbound/asgi.py": "paths that are not there, and faults",
    "inbound/doorway.py": "gateway that starts",
    "inbound/probes.py": "probes and metrics",
    "inbound/webhooks/pagerduty.py": "PagerDuty's webhook",
    "inbound/webhooks/slack.py": "Slack's requests",
    **dict.fromkeys(OF_WEBHOOKS, "Alertmanager's webhook"),
}
"""The doors to the gateway, by how the path of a module begins whose handlers answer there."""


@cache
def statuses() -> tuple[tuple[str, int], ...]:
    """Every status by the door at which it is answered. Raises `KeyError` for a module that belongs to no door."""
    return tuple(
        sorted({(_face(module), status) for module, tree in modules("inbound") for status in _of(tree)})
    )


def _face(module: str) -> str:
    face = next((face for begins, face in FACES.items() if module.startswith(begins)), None)
    if face is None:
        raise KeyError(f"{module} answers requests: name its door in FACES of tests/monitored/statuses.py")
    return face


def _of(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            found = [
                status
                for given in (*node.args, *(word.value for word in node.keywords))
                for status in _numbers(given)
            ]
            names_one = len(node.args) > 1 or any(
                word.arg in ("status", "status_code") for word in node.keywords
            )
            yield from found or ([OK] if node.func.id in MAY_NAME_NONE and not names_one else [])
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            yield from _numbers(node.value.elts[0])
        elif isinstance(node, ast.Dict):
            # Starlette answers these by itself.
            yield from (
                status
                for key, value in zip(node.keys, node.values, strict=True)
                if _is_reason(value)
                for status in _numbers(key)
            )


def _numbers(node: ast.AST | None) -> Iterator[int]:
    """A status that stands there, or both of `a if … else b`; numbers within other calls are none."""
    match node:
        case ast.Constant(value=int() as number) if (
            not isinstance(number, bool) and number in HTTPStatus._value2member_map_
        ):
            yield number
        case ast.IfExp(body=body, orelse=orelse):
            yield from _numbers(body)
            yield from _numbers(orelse)
        case ast.Attribute(value=ast.Name(id="HTTPStatus"), attr=name):
            yield HTTPStatus[name].value


def _is_reason(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node.value) == "TurnedAwayReason"
