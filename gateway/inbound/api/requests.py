"""Parameters and bodies of API requests are read strictly here, and answers are made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from gateway.inbound.api import incident_models as models
from gateway.model.controls import Rejection
from gateway.model.durations import DURATION, parse_duration
from gateway.model.people import Actor, Caller, Identity, Through, slack_ids

DEFAULT_PAGE_SIZE = 100  # rows
MAX_PAGE_SIZE = 1_000  # rows
MAX_BODY_BYTES = 64 * 1024
CALLER = "gateway.caller"  # the key of a request's scope
CURSOR = r"([0-9]{1,24})(?:\.([0-9]{1,6}))?"
MIN_YEAR, MAX_YEAR = 1970, 9000  # of a moment that is asked for: whatever is added to it is a moment still
MAX_SHOWN = 40  # characters of a wrong value

B = TypeVar("B", bound=BaseModel)
T = TypeVar("T")


class Refusal(Exception):
    """Ends a request with a problem that `Api` answers; nothing else catches it."""

    def __init__(self, status: int, error: str, field: str = "", remedy: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.problem = models.Problem(error=error, field=field, remedy=remedy)


def found_or_refuse(changed: object, kind: str, name: str) -> None:
    """Refuse with 404 what was not found (None), and with 409 what was turned down (a text that says why)."""
    if changed is None:
        raise Refusal(404, f"there is no {kind} {name}", kind)
    if isinstance(changed, str) and changed:
        raise Refusal(409, changed, kind)


def accepted(found: T | Rejection) -> T:
    """Return what was found or done; refuse with the reason.

    The status is 404 if there is no such thing, else 409: what is asked for is well-formed (400 would say
    otherwise), and the rules, the time or what is there do not allow it.
    """
    if isinstance(found, Rejection):
        raise Refusal(404 if found.missing else 409, found.error, found.field, found.remedy)
    return found


class QueryParameter(NamedTuple):
    """A query parameter in the API's description: what it means, and its JSON Schema."""

    description: str
    schema: Mapping[str, object]


def one_of(allowed: tuple[str, ...], description: str) -> QueryParameter:
    """Return the description of a parameter that `choice` reads."""
    default = {"default": allowed[0]} if allowed[0] else {}
    words = [word for word in allowed if word]
    return QueryParameter(description, {"type": "string", "enum": words, **default})


def choice(request: Request, name: str, allowed: tuple[str, ...]) -> str:
    """Return a query parameter that takes one of a few words, the first of `allowed` if it is not given."""
    value = given(request, name)
    if value is None:
        return allowed[0]
    if not value or value not in allowed:
        remedy = f"one of {', '.join(filter(None, allowed))}"
        raise Refusal(400, f"{name}={value!r} is not known", name, remedy)
    return value


def only(request: Request, known: Mapping[str, QueryParameter]) -> None:
    """Refuse a parameter that the operation has not: whoever misspelt it would take the answer for another."""
    for name in request.query_params:
        if name not in known:
            remedy = f"one of {', '.join(known)}" if known else "it takes no parameters"
            raise Refusal(400, f"there is no parameter {name[:MAX_SHOWN]}", name[:MAX_SHOWN], remedy)


def given(request: Request, name: str) -> str | None:
    """Return a query parameter, None if it is not given. Of two, nobody can know which is meant."""
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise Refusal(400, f"{name} is given {len(values)} times", name, "give it once")
    return values[0] if values else None


def position(request: Request) -> tuple[int, int]:
    """Return where a page begins: the store's cursor, and how many rows from there were shown already."""
    value = given(request, "cursor")
    if value is None:
        return 0, 0
    found = re.fullmatch(CURSOR, value)
    if found is None:
        raise Refusal(
            400,
            f"cursor={value[:MAX_SHOWN]!r} is none of ours",
            "cursor",
            "`next` of the page before",
        )
    return int(found[1]), int(found[2] or 0)


def limit_of(request: Request) -> int:
    """Return how many rows an answer may have. A limit out of its range is refused: nobody would see it cut."""
    value = given(request, "limit")
    if value is None:
        return DEFAULT_PAGE_SIZE
    if not re.fullmatch(r"[0-9]{1,4}", value, re.ASCII) or not 1 <= int(value) <= MAX_PAGE_SIZE:
        error = f"limit={value[:MAX_SHOWN]!r} is no number from 1 to {MAX_PAGE_SIZE}"
        raise Refusal(400, error, "limit", f"from 1 to {MAX_PAGE_SIZE}")
    return int(value)


def length_of(text: str) -> int:
    """Return a duration such as `2h` in ms."""
    try:
        return parse_duration(text)
    except ValueError as error:
        # Written as a duration, it is too long for anything.
        well_formed = re.fullmatch(DURATION, text, re.ASCII)
        raise Refusal(409 if well_formed else 400, str(error), "duration") from None


def instant_of(given: datetime | None, field: str = "ends_at") -> int | None:
    """Return an instant in ms, None if it is not given. `field` is where it stands in the body."""
    # A guessed time zone could end a silence hours too late, with alerts that nobody hears of.
    if given is not None and given.tzinfo is None:
        error = f"{given.isoformat()} has no offset: whose clock is it?"
        raise Refusal(400, error, field, "write it like 2026-12-01T22:00:00+01:00")
    if given is not None and not MIN_YEAR <= given.year <= MAX_YEAR:
        raise Refusal(409, f"the year {given.year} is far away", field, "is it the time that is meant?")
    return int(given.timestamp() * 1000) if given is not None else None


def moment_given(request: Request, name: str) -> int | None:
    """Return a query parameter that is a moment in ms, None if it is not given."""
    text = given(request, name)
    if text is None:
        return None
    try:
        return instant_of(datetime.fromisoformat(text), name)
    except ValueError:
        raise Refusal(400, f"{text[:60]!r} is no time", name, "write it like 2026-12-01T22:00:00Z") from None


def caller_of(request: Request) -> Caller:
    """Return who has shown the token of this request; the router has put it there."""
    caller: Caller = request.scope[CALLER]
    return caller


def name_of(request: Request, typed: str | None) -> str:
    """Return the name under which people read who did it: a person's is that of their token."""
    caller = caller_of(request)
    if not caller.is_person and not typed:
        # The description of the API lets `by` be missing, which only a person's token makes up for.
        raise Refusal(409, "who does it?", "by", "a name, or a token of your own")
    return caller.named(typed or "")


def identity_of(request: Request, typed: str | None) -> Identity:
    """Return who does it, and how they are known. Raises `Refusal` where nobody says so."""
    caller = caller_of(request)
    return Identity(name_of(request, typed), caller.is_person, caller.slack)


def actor_of(request: Request, typed: str | None) -> Actor:
    """Return who acts. Raises `Refusal` where nobody says so."""
    return Actor(name_of(request, typed), Through.API, ids=slack_ids(caller_of(request).slack))


async def body(request: Request, kind: type[B]) -> B:
    raw = b""
    async for part in request.stream():
        raw += part
        # The size is checked part by part: a body of undeclared length must not fill the memory first.
        if len(raw) > MAX_BODY_BYTES:
            raise Refusal(413, f"the body is over {MAX_BODY_BYTES} bytes")
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")  # pydantic's own words before ours
        remedy = ""
        if first["type"] == "extra_forbidden":
            message, remedy = "there is no such field", f"the fields are {', '.join(kind.model_fields)}"
        raise Refusal(400, message, ".".join(str(part) for part in first["loc"]), remedy) from None


def answer(shown: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(shown.model_dump_json(), status, headers, "application/json")
