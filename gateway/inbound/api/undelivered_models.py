"""The models of what did not get through in the REST API: turned away, in quarantine, or refused for good.

Names, fields and docstrings are public: they appear in OpenAPI.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from gateway.inbound.api.incident_models import Asked, Shown, TargetShown


class QuarantinedShown(Shown):
    id: str
    source: str
    field: str
    error: str
    whole_body: bool
    alertname: str = Field(description="as far as it can be read; empty where it cannot")
    severity: str = Field(description="the label of that name, as far as it can be read")
    times: int
    last_seen: datetime | None
    raw: str = Field(description="the first 64 KiB of what arrived, undecodable bytes replaced")


class SenderShown(Shown):
    address: str
    user_agent: str
    times: int
    last_at: datetime | None


class TurnedAwayShown(Shown):
    """A sum of what one source had turned away for one reason."""

    source: str | None = Field(description="null for senders that showed no valid token")
    reason: str
    what: str = Field(description="what is sent, in words")
    remedy: str
    error: str = Field(description="what was wrong with the newest")
    severity: str = Field(description="the worst that what was turned away says of itself")
    times: int
    since: datetime | None
    last_at: datetime | None
    senders: list[SenderShown] = Field(description="the newest ten of them")


class TurnedAwayList(Shown):
    items: list[TurnedAwayShown]


class ReplayShown(Shown):
    taken: int = Field(description="alerts taken, as if they had just been sent")
    too_old: int = Field(description="that fired so long ago that it says nothing of now: passed over")


class DeadLetterShown(TargetShown):
    incident: str
    title: str = Field(description="of its incident; empty where that was forgotten")
    severity: str = Field(description="of what was refused")
    remedy: str = Field(description="what to do about the refusal; empty where nobody knows")
    asked_again_at: datetime | None = Field(
        description="when the gateway tries by itself whether the destination still refuses everything; null where "
        "it waits for news or a person, and while another dead letter asks"
    )


class DeadLetterPage(Shown):
    items: list[DeadLetterShown]
    next: str | None


class QuarantineList(Shown):
    items: list[QuarantinedShown]
    evicted: int = Field(description="how many entries made room for newer ones, ever")


class RetryDeadLetters(Asked):
    destination: str = Field(
        default="", max_length=400, description="a destination or a target; empty for all dead letters"
    )


class Retried(Shown):
    letters: int = Field(
        description="how many dead letters are tried again, or follow as soon as one is taken"
    )
