"""Read the values of one alert as a sender wrote them: status, times, texts, and how large they may be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeGuard

import msgspec

from gateway.model.texts import readable
from gateway.model.turned_away import TurnedAwayReason
from gateway.model.verdict import Reason
from gateway.model.webhook import Number

MAX_LABELS = 256
MAX_NAME = 1024
MAX_VALUE = 16 * 1024
MAX_ANNOTATIONS = 64 * 1024  # bytes of all annotations of an alert; longer texts are cut
_datetime = msgspec.json.Decoder(datetime).decode


class Malformed(msgspec.Struct, frozen=True):
    """Why an alert cannot be taken; `field` is its place in the alert."""

    field: str
    error: str
    reason: Reason = Reason.MALFORMED
    over_caps: bool = False

    @property
    def turned_away(self) -> TurnedAwayReason:
        """Return the word for it among all ways to be turned away."""
        return TurnedAwayReason.OVER_CAPS if self.over_caps else TurnedAwayReason(self.reason.value)


def fires(status: str, ends_at: int | None, now: int) -> bool | None:
    """Return whether the alert fires, None for a status that is neither.

    Without a status, only an end that is over by `now` makes the alert ended; else it fires.
    """
    word = status if status in ("firing", "resolved") else status.strip().lower()
    if word == "firing":
        # What the sender says of the alert counts more than an end in the past: better one page too many.
        return True
    if word == "resolved":
        return False
    return None if word else ends_at is None or not 0 < ends_at <= now


def to_ms(moment: datetime | None) -> int | None:
    """Return the time in ms, None for Alertmanager's zero time (the year 1). A time without a zone is UTC."""
    if moment is None or moment.year < 1970:
        return None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000) or None


def read_time(value: object) -> datetime | None:
    """Read a time; one that cannot be read is like one that is missing."""
    try:
        return _datetime(msgspec.json.encode(readable(value))) if is_text(value) else None
    except msgspec.ValidationError:
        return None


def is_text(value: object) -> TypeGuard[str]:
    """Return whether the sender wrote a text; a number is read as one, and is none."""
    return isinstance(value, str) and not isinstance(value, Number)


def too_much(labels: Mapping[str, str]) -> Malformed | None:
    if len(labels) > MAX_LABELS:
        return Malformed("labels", f"{len(labels)} labels: at most {MAX_LABELS} are taken", over_caps=True)
    if (
        max(map(len, labels.values()), default=0) <= MAX_VALUE
        and max(map(len, labels), default=0) <= MAX_NAME
    ):
        return None
    name = next(name for name, value in labels.items() if len(name) > MAX_NAME or len(value) > MAX_VALUE)
    return Malformed(
        f"labels.{readable(name[:80])}",
        f"a name of at most {MAX_NAME} and a value of {MAX_VALUE} are taken",
        over_caps=True,
    )


def bounded(annotations: dict[str, str]) -> dict[str, str]:
    if sum(map(len, annotations.values())) <= MAX_ANNOTATIONS:
        return annotations
    # The texts are cut rather than the alert refused: a page without its full text is better than none.
    each = MAX_ANNOTATIONS // max(1, len(annotations))
    return {name[:MAX_NAME]: value[:each] for name, value in list(annotations.items())[:MAX_LABELS]}


def kind_of(value: object) -> str:
    names = {bool: "true or false", Number: "a number", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "nothing")
