"""Webhooks and alerts that are turned away: their sender takes them for delivered, and they reach nobody.

Alertmanager drops a webhook that is answered 4xx, and takes an alert in quarantine for delivered. So every
way to be turned away has a reason here, with the words that people read of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from gateway.model.records import FORMAT, body_of
from gateway.model.severity import Severity

MAX_ADDRESS, MAX_USER_AGENT, MAX_ERROR = 64, 200, 300  # characters


class TurnedAwayReason(StrEnum):
    """Why something was turned away: a label of metrics and of the own alert. The comment says who is asked
    to do what.
    """

    NOT_A_WEBHOOK = "not_a_webhook"  # 400: the sender's format has to be set
    COMPRESSED = "encoding"  # 400: the sender has to send plain JSON
    TOO_LARGE = "too_large"  # 413: the sender has to send less at once
    MALFORMED = "malformed"  # in quarantine: the alert itself is wrong
    OVER_CAPS = "over_caps"  # in quarantine: the alert has too many labels, or too long ones
    OUTSIDE_SOURCE = "outside_source"  # in quarantine: the rules do not let this source send it
    TRUNCATED = "truncated"  # Alertmanager itself left alerts out
    UNAUTHORIZED = "unauthorized"  # 401: the sender needs a token
    NOT_FOUND = "not_found"  # 404: the sender needs the right path
    METHOD = "method"  # 405: the sender has to use POST, and the right path

    @property
    def before_token(self) -> bool:
        """Return whether the sender had shown no token, so that anybody may have sent it."""
        return self in (self.UNAUTHORIZED, self.NOT_FOUND, self.METHOD)


class Wording(NamedTuple):
    """`what` follows "sends"; `remedy` is a whole sentence, which stands alone in the answer to the sender."""

    what: str
    remedy: str


WEBHOOK_PATH, EVENTS_PATH = "/webhooks/alertmanager", "/webhooks/alertmanager/events"
WEBHOOK_PATHS = (WEBHOOK_PATH, EVENTS_PATH)
PATH_REMEDY = f"webhooks go by POST to {WEBHOOK_PATH}, those of the event recorder to {EVENTS_PATH}"
AUTHORIZATION_REMEDY = (
    "authorization: {credentials: …} in http_config: GATEWAY_WEBHOOK_TOKEN, or the token of its source"
)
MAX_ALERTS_REMEDY = "set max_alerts on the receiver, or raise GATEWAY_MAX_BODY"
IN_QUARANTINE = "such alerts are in quarantine: `gateway quarantine` says why"
WORDINGS: Mapping[str, Wording] = {
    TurnedAwayReason.NOT_A_WEBHOOK: Wording(
        "what is no webhook of Alertmanager (400)",
        "docs/webhooks.md says what is taken; `gateway quarantine --json` shows the body that came",
    ),
    TurnedAwayReason.COMPRESSED: Wording("compressed webhooks (400)", "webhooks have to come as plain JSON"),
    TurnedAwayReason.TOO_LARGE: Wording("webhooks over the cap (413)", MAX_ALERTS_REMEDY),
    TurnedAwayReason.MALFORMED: Wording("alerts that cannot be read", IN_QUARANTINE),
    TurnedAwayReason.OVER_CAPS: Wording("alerts with too many or too long labels", IN_QUARANTINE),
    TurnedAwayReason.OUTSIDE_SOURCE: Wording(
        "alerts that it may not send", f"{IN_QUARANTINE}; each source has its own token and `match`"
    ),
    TurnedAwayReason.TRUNCATED: Wording(
        "groups without all their alerts (max_alerts)",
        "set max_alerts: 0 on the receiver, or group by more labels",
    ),
    TurnedAwayReason.UNAUTHORIZED: Wording("webhooks without a valid token (401)", AUTHORIZATION_REMEDY),
    TurnedAwayReason.NOT_FOUND: Wording("webhooks to a path that is not there (404)", PATH_REMEDY),
    TurnedAwayReason.METHOD: Wording("webhooks by a wrong method or to a wrong path (405)", PATH_REMEDY),
}


def wording_of(reason: str) -> Wording:
    """Return the words for a reason. A newer version that runs beside this one may write one of its own."""
    unknown = Wording(
        f"what is turned away ({reason})", "the newer version that runs beside this one says why"
    )
    return WORDINGS.get(reason, unknown)


class Sender(NamedTuple):
    """The sender of a request, as it says itself. It is shown in the log, by doctor and by the API alone."""

    address: str
    user_agent: str


class SenderCount(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One sender of what was turned away; `last_at` in ms of the store's clock."""

    address: str
    user_agent: str
    times: int
    last_at: int


class TurnedAway(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A sum of what one source had turned away for one reason, while that goes on.

    `source` is empty for senders that showed no token. `severity` is the worst that what was turned away says
    of itself, critical where that cannot be read. `error` is what was wrong with the newest. Times in ms.
    """

    source: str
    reason: str
    since: int
    last_at: int
    times: int
    severity: Severity
    error: str
    senders: tuple[SenderCount, ...] = ()


class TurnedAwayList(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The record: one entry by source and reason."""

    entries: tuple[TurnedAway, ...] = ()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(TurnedAwayList).decode


def dump_turned_away(record: TurnedAwayList) -> bytes:
    return FORMAT + _encode(record)


def load_turned_away(raw: bytes) -> TurnedAwayList:
    """Read the record; a store in which nothing was ever turned away has none."""
    return _decode(body_of(raw)) if raw else TurnedAwayList()
