"""The arguments of a Web API call: query, form or JSON, as the SDKs really send them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

_TS = re.compile(r"\d{1,12}(\.\d{1,6})?")


class SlackError(Exception):
    """A refusal in Slack's words: HTTP 200 with ``ok: false`` and this code."""

    def __init__(self, code: str, *details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


class Arguments:
    """Typed looks into what was sent; structures may come as JSON strings, flags as words."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = {name: value for name, value in values.items() if value is not None}

    def has(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else str(value)

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        return value if isinstance(value, bool) else str(value).lower() in {"1", "true"}

    def limit(self, default: int, most: int) -> int:
        """A page's size: out of range it is brought into it."""
        value = self.text("limit") or str(default)
        if not value.isdigit():
            raise SlackError("invalid_limit")
        return max(1, min(int(value), most))

    def ts(self, name: str, error: str) -> float | None:
        value = self.text(name)
        if not value:
            return None
        if not _TS.fullmatch(value):
            raise SlackError(error)
        return float(value)

    def items(self, name: str, error: str) -> list[object] | None:
        """A list, None where it was not sent."""
        value = self._structure(name, error)
        if value is None or isinstance(value, list):
            return value
        raise SlackError(error)

    def mapping(self, name: str, error: str) -> dict[str, object] | None:
        """An object, None where it was not sent."""
        value = self._structure(name, error)
        if value is None or isinstance(value, dict):
            return value
        raise SlackError(error)

    def _structure(self, name: str, error: str) -> object:
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError as exc:
            raise SlackError(error) from exc


async def read_arguments(request: Request) -> tuple[Arguments, str]:
    """The arguments and the token; the token is taken out of what is kept."""
    values: dict[str, object] = dict(request.query_params)
    body = await request.body()
    if body:
        values |= _body(body, request.headers.get("content-type", ""))
    sent = values.pop("token", "")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return Arguments(values), token if scheme.lower() == "bearer" else str(sent)


def _body(body: bytes, content_type: str) -> dict[str, object]:
    if content_type.partition(";")[0].strip() != "application/json":
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
