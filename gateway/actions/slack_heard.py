"""The answers to what people press and write in Slack: what Slack waits for, and what follows after that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.model.controls import Rejection, Silence
from gateway.model.incident import Incident

ANSWER_SECONDS = 2.0  # Slack shows an error after three
Afterwards = Callable[[], Awaitable[None]]
Acted = Incident | Silence | Rejection | str | None


async def nothing() -> None:
    """Show nothing: the message itself says what was done."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Holds the answer that Slack waits three seconds for, and what follows after that."""

    reply: Mapping[str, Any] | None = None
    afterwards: Afterwards = nothing


def to_writer(text: str, afterwards: Afterwards = nothing) -> Heard:
    """Answer a slash command so that its writer alone sees it."""
    return Heard({"response_type": "ephemeral", "text": text}, afterwards)


def in_its_place(view: Mapping[str, Any], afterwards: Afterwards = nothing) -> Heard:
    """Answer a modal that was sent off with the one that takes its place.

    https://docs.slack.dev/surfaces/modals#updating_response
    """
    return Heard({"response_action": "update", "view": view}, afterwards)


def said_of(done: Acted, incident: str) -> str:
    """Say to its presser what became of a press that did nothing; empty where the message itself says it."""
    match done:
        case None:
            return f"Not done: the incident {incident} is not known any more."
        case str():
            return f"Not done: {done}."
        case Rejection():
            return f"Not done: {done.error}" + (f"; {done.remedy}." if done.remedy else ".")
    return ""


def said_late(error: Exception) -> str:
    """Say for the log why the store kept somebody from what was asked for."""
    return str(error) or "the store took longer than people wait for an answer"
