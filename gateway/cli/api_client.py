"""The client of a running gateway's REST API; what the gateway refuses becomes a line for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

import click
import httpx

from gateway.config.environment import from_process
from gateway.diagnostics.turned_away import why_not_let_in
from gateway.outbound.connection_trouble import not_connected

REQUEST_TIMEOUT_SECONDS = 10.0


# What the API calls otherwise than the options of the commands.
OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "by": "--by",
        "confirm": "--yes",
        "duration": "--for",
        "during": "--during",
        "ends_at": "--until",
        "matchers": "MATCHER",
        "note": "--note",
        "reason": "--reason",
        "severity": "--severity",
        "starts_at": "--from",
        "state": "--state",
        "ticket": "--ticket",
        "until_resolved": "--until-resolved",
    }
)
_WORDS = re.compile(r"\b(ends_at|starts_at|duration|until_resolved)\b")


def ask_for_text(path: str, **more: Any) -> str:
    """Return the text of an answer that is none of JSON. Raises `click.ClickException` as `ask` does."""
    try:
        response = _request("GET", path, more)
        if response.status_code == httpx.codes.OK:
            return response.text
    except httpx.HTTPError:
        pass  # asked again below, where what is wrong becomes a line
    ask("GET", path, **more)
    raise no_gateway("something else answers there")


def _request(method: str, path: str, more: Mapping[str, Any]) -> httpx.Response:
    environment = from_process()
    settings = environment.settings
    token, tls = environment.token_to_show(), settings.network().tls("httpx")
    return httpx.request(
        method,
        f"{settings.gateway_url.rstrip('/')}{path}",
        headers={"authorization": f"Bearer {token}"} if token else {},
        timeout=REQUEST_TIMEOUT_SECONDS,
        verify=tls,
        trust_env=settings.gateway_by_proxy,
        **more,
    )


def ask(method: str, path: str, **more: Any) -> dict[str, Any]:
    """Send one request to GATEWAY_URL with the token of the settings or of this machine, and return its JSON.

    `more` goes to `httpx.request`; fields of its body that are None are left out. Raises
    `click.ClickException` if the gateway refuses, if nothing answers, and if something other than a
    gateway does.
    """
    if "json" in more:
        more["json"] = {name: value for name, value in more["json"].items() if value is not None}
    try:
        response = _request(method, path, more)
        answer = response.json()
    except httpx.TransportError as error:
        late = isinstance(error, httpx.TimeoutException)
        raise no_gateway("it does not answer in time" if late else not_connected(error).detail) from error
    except (httpx.HTTPError, ValueError) as error:
        raise no_gateway("something else answers there") from error
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise click.ClickException(why_not_let_in(from_process()))
    # The gateway's own refusals are objects with `error`; any other error page is some other service's.
    if response.status_code != httpx.codes.OK and isinstance(answer, dict) and "error" in answer:
        raise click.ClickException(in_our_words(answer, more.get("json")))
    if response.status_code != httpx.codes.OK or not isinstance(answer, dict):
        raise no_gateway("something else answers there")
    return answer


def no_gateway(why: str) -> click.ClickException:
    """Return the error for a GATEWAY_URL at which no gateway answers."""
    url = from_process().settings.gateway_url
    return click.ClickException(f"no gateway answers at {url}: {why}; is GATEWAY_URL right, and does it run?")


def in_our_words(problem: Mapping[str, Any], asked: Mapping[str, Any] | None = None) -> str:
    """Return what the API refused, with the options of the commands in place of its own words.

    `asked` is the body that it refused.
    """
    error, field = problem["error"], str(problem.get("field", "")).partition(".")[0]
    # An end that follows from `--for` is mended there.
    if field == "ends_at" and asked and "duration" in asked and "ends_at" not in asked:
        field = "duration"
    said = f"{OPTIONS[field]}: {error}" if field in OPTIONS else error
    remedy = _WORDS.sub(lambda word: OPTIONS[word[0]], problem.get("remedy", ""))
    return f"{said}; {remedy}" if remedy else said


@contextmanager
def understood() -> Iterator[None]:
    """Say that no gateway of ours answers there where an answer lacks what is printed of it."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise no_gateway("something answers there that is not understood") from error
